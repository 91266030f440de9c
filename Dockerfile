# The server: silo, API and portal in one image.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
RUN command -v npm >/dev/null || (apt-get update -qq && apt-get install -y -qq --no-install-recommends nodejs npm)
WORKDIR /source
COPY . .
RUN dotnet publish src/Silo -c Release -o /app/silo --nologo -v quiet \
 && dotnet publish src/Cli -c Release -o /app/cli --nologo -v quiet

FROM mcr.microsoft.com/dotnet/aspnet:10.0
WORKDIR /app
COPY --from=build /app .
RUN mkdir -p /data && chown 1654:1654 /data
ENV ENERGYTTT_DATA=/data PATH=/app/cli:$PATH
VOLUME /data
USER 1654
EXPOSE 8080
ENTRYPOINT ["/app/silo/EnergyTTT.Silo", "--urls", "http://0.0.0.0:8080"]
