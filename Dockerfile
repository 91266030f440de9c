# The server (silo, API, portal) and the command line in one image: docker build --build-arg REVISION="$(git rev-parse HEAD)" -t energyttt .
# It runs as an account without rights, and needs to write to /data and /tmp only: --read-only --tmpfs /tmp.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
RUN command -v npm >/dev/null || (apt-get update -qq && apt-get install -y -qq --no-install-recommends nodejs npm)
WORKDIR /source
COPY . .
# What `energyttt status` and /openapi say: the version, and the commit that it was built from (the build does not see .git).
ARG VERSION=0.1.0
ARG REVISION=
# The libraries of libtorch are in the image once: the command line finds those of the server.
RUN dotnet publish src/Silo -c Release -o /app/silo -p:Version=$VERSION -p:SourceRevisionId=$REVISION --nologo -v quiet \
 && dotnet publish src/Cli -c Release -o /app/cli -p:Version=$VERSION -p:SourceRevisionId=$REVISION -p:WithLibtorch=false --nologo -v quiet \
 && mkdir -p /empty/data /empty/secrets

FROM mcr.microsoft.com/dotnet/aspnet:10.0
ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="EnergyTTT" org.opencontainers.image.version=$VERSION org.opencontainers.image.revision=$REVISION org.opencontainers.image.licenses=MIT
WORKDIR /app
COPY --from=build /app .
# Volumes that are made over these folders belong to the account.
COPY --from=build --chown=1654:1654 /empty /
ENV ENERGYTTT_DATA=/data ENERGYTTT_LIBTORCH=/app/silo/libtorch XDG_CACHE_HOME=/data/cache PATH=/app/cli:$PATH
VOLUME /data
USER 1654
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["/app/silo/EnergyTTT.Silo", "health"]
ENTRYPOINT ["/app/silo/EnergyTTT.Silo", "--urls", "http://0.0.0.0:8080"]
