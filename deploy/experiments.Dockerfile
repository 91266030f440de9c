# Experiments on a GPU: the command line on PyTorch's own image, whose libtorch and CUDA it uses.
#   docker build -f deploy/experiments.Dockerfile -t energyttt-experiments .
#   docker run --rm --gpus all -v "$PWD/results:/results" energyttt-experiments experiment compare --device cuda --output-dir /results
# BASE may be any image with PyTorch for CUDA; the release of PyTorch that was measured is 2.11 with CUDA 13 (docs/results.md).
ARG BASE=pytorch/pytorch:2.11.0-cuda13.0-cudnn9-runtime
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY . .
ARG VERSION=0.1.0
ARG REVISION=
RUN dotnet publish src/Cli -c Release -r linux-x64 --self-contained -o /app -p:Version=$VERSION -p:SourceRevisionId=$REVISION -p:WithLibtorch=false --nologo -v quiet

FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="EnergyTTT experiments" org.opencontainers.image.version=$VERSION org.opencontainers.image.revision=$REVISION org.opencontainers.image.licenses=MIT
COPY --from=build /app /opt/energyttt
# The product finds the libtorch of `python3`; the driver's sensors need "utility".
ENV PATH=/opt/energyttt:$PATH NVIDIA_DRIVER_CAPABILITIES=compute,utility XDG_CACHE_HOME=/tmp/cache
USER 1654
WORKDIR /tmp
ENTRYPOINT ["energyttt"]
CMD ["--help"]
