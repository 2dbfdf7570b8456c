"""`rankmart serve`."""

import click


@click.command()
@click.option("--host", help="Address to listen on.  [default: RANKMART_HOST or 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="[default: RANKMART_PORT or 8000]")
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True)
def serve(*, host: str | None, port: int | None, workers: int) -> None:
    """Serve the API on the last published run."""
    from rankmart_serving.server import serve as serve_api
    from rankmart_serving.settings import Settings

    serve_api(Settings.from_environment(), host, port, workers=workers)
