# The image of Rankmart: `rankmart` and `dbt`, and a project in /project that a mount may replace.
# What is read and written is in /data. docs/how-to/deploy.md says how to use it.
FROM python:3.11.13-slim-bookworm AS build
# requirements-services.txt instead adds Prefect and MLflow.
ARG REQUIREMENTS=requirements.txt
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
COPY requirements.txt requirements-services.txt ./
RUN python -m venv /opt/rankmart \
    && /opt/rankmart/bin/python -m pip install --require-hashes --requirement "$REQUIREMENTS"
COPY pyproject.toml setup.py README.md LICENSE dbt_project.yml profiles.yml selectors.yml ./
COPY models models
COPY dbt_project dbt_project
COPY python python
COPY serving serving
RUN /opt/rankmart/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/rankmart/bin/python -m pip install --no-deps --no-index /wheels/rankmart-*.whl \
    && /opt/rankmart/bin/rankmart init /project

FROM python:3.11.13-slim-bookworm
LABEL org.opencontainers.image.title="Rankmart" \
      org.opencontainers.image.description="Ranked product recommendations from a file of reviews" \
      org.opencontainers.image.licenses="Apache-2.0"
# `implicit` needs libgomp of the system. Its version is that of the pinned Debian release:
# a mirror keeps no older ones, so a pin here would end builds.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 rankmart \
    && useradd --uid 10001 --gid rankmart --create-home --shell /usr/sbin/nologin rankmart \
    && install --directory --owner=rankmart --group=rankmart /data
COPY --from=build /opt/rankmart /opt/rankmart
COPY --from=build /project /project
ENV PATH=/opt/rankmart/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DBT_TARGET_PATH=/data/dbt/target \
    DBT_LOG_PATH=/data/dbt/logs \
    RANKMART_REVIEWS=/data/reviews.csv \
    RANKMART_WAREHOUSE=/data/warehouse.duckdb \
    RANKMART_PUBLISHED=/data/published \
    RANKMART_EXPORT=/data/recommendations.parquet \
    RANKMART_TUNED=/data/tuned.json \
    RANKMART_FLOW=/data/.flow \
    RANKMART_EVENTS=sqlite:////data/events.sqlite \
    RANKMART_HOST=0.0.0.0 \
    RANKMART_PORT=8000
WORKDIR /project
USER 10001:10001
VOLUME /data
EXPOSE 8000
# Unhealthy until the first run is published: until then every answer is 503.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=4 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['RANKMART_PORT'] + '/health/ready', timeout=4)"]
ENTRYPOINT ["rankmart"]
CMD ["serve"]
