# Gongyuan 贡院. `docker build -t gongyuan .`; `docker run -p 8000:8000 -v gongyuan:/data gongyuan`
# Everything is fetched while building; at run time the image needs no network of its own.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

# --- fetch: what `make setup` brings (face models, Chinese font), and the client's build ---------
FROM ${PYTHON_IMAGE} AS fetch
WORKDIR /src
COPY pyproject.toml requirements.lock requirements-dev.lock README.md LICENSE NOTICE ./
COPY setup setup
RUN python -m setup environment \
 && .venv/bin/python -m setup models fonts
COPY client client
RUN .venv/bin/python -m setup client

# --- install: the locked packages and this project's wheel, in an environment of their own --------
FROM ${PYTHON_IMAGE} AS install
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1
WORKDIR /src
RUN python -m venv /opt/gongyuan
COPY requirements.lock ./
RUN /opt/gongyuan/bin/pip install --require-hashes --no-deps -r requirements.lock
COPY --from=fetch /src/.venv /src/.venv
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY kernel kernel
COPY paper paper
COPY ledger ledger
COPY item_bank item_bank
COPY proctor proctor
COPY practice practice
COPY server server
COPY migrations migrations
RUN .venv/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
 && /opt/gongyuan/bin/pip install --no-deps dist/*.whl

# --- run ------------------------------------------------------------------------------------------
FROM ${PYTHON_IMAGE} AS run
LABEL org.opencontainers.image.title="Gongyuan" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin gongyuan \
 && install -d -o gongyuan -g gongyuan -m 0700 /data
WORKDIR /srv/gongyuan
COPY LICENSE NOTICE ./
COPY --from=fetch /src/.models .models
COPY --from=fetch /src/.fonts .fonts
COPY --from=fetch /src/client/dist client/dist
COPY --from=install /opt/gongyuan /opt/gongyuan
ENV PATH=/opt/gongyuan/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    GONGYUAN_DATA_DIR=/data \
    GONGYUAN_HTTP__HOST=0.0.0.0
USER 10001:10001
VOLUME /data
EXPOSE 8000 8001
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["gongyuan"]
CMD ["serve"]
