"""The Rankmart API: a Litestar app over the published snapshot."""
