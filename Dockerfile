FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/sla
WORKDIR /src
COPY requirements.txt .
RUN /opt/sla/bin/pip install --require-hashes -r requirements.txt
COPY . .
RUN /opt/sla/bin/python -m web.build_assets
RUN /opt/sla/bin/pip install --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 sla \
    && useradd --uid 10001 --gid sla --create-home --home-dir /home/sla --shell /usr/sbin/nologin sla \
    && install --directory --owner sla --group sla --mode 700 /var/lib/sla
COPY --from=build /opt/sla /opt/sla
ENV PATH=/opt/sla/bin:$PATH PYTHONUNBUFFERED=1 SLA_HOME=/var/lib/sla SLA_API_HOST=0.0.0.0
USER sla
WORKDIR /home/sla
VOLUME /var/lib/sla
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["sla"]
CMD ["api"]
