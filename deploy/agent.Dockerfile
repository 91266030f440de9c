# The agent alone, one native executable: docker build -f deploy/agent.Dockerfile -t energyttt-agent .
# It needs the host's driver library at run time: --gpus all -e NVIDIA_DRIVER_CAPABILITIES=utility, or the NVIDIA runtime class.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
RUN command -v clang >/dev/null || (apt-get update -qq && apt-get install -y -qq --no-install-recommends clang zlib1g-dev)
WORKDIR /source
COPY . .
ARG VERSION=0.1.0
ARG REVISION=
RUN dotnet publish src/Agent -c Release -r linux-$(dpkg --print-architecture | sed s/amd64/x64/) -o /app -p:Version=$VERSION -p:SourceRevisionId=$REVISION --nologo -v quiet

FROM mcr.microsoft.com/dotnet/runtime-deps:10.0
ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="EnergyTTT agent" org.opencontainers.image.version=$VERSION org.opencontainers.image.revision=$REVISION org.opencontainers.image.licenses=MIT
COPY --from=build /app/energyttt-agent /usr/local/bin/
RUN mkdir -p /buffer && chown 1654:1654 /buffer
VOLUME /buffer
USER 1654
ENTRYPOINT ["/usr/local/bin/energyttt-agent"]
CMD ["run", "--buffer", "/buffer"]
