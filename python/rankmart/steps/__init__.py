"""What the steps of `rankmart flow` are made of; `task` and `server` know Prefect."""
