# syntax=docker/dockerfile:1
FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
WORKDIR /source
COPY .editorconfig BannedSymbols.txt Directory.Build.props Directory.Packages.props global.json ./
COPY clients/js/tidings.js clients/js/
COPY src src
RUN --mount=type=cache,target=/root/.nuget/packages \
    dotnet publish src/Tidings.Server --configuration Release --output /app && mkdir /data

# No shell and no package manager. "extra" has ICU, by which names of channels are normalised.
FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled-extra
WORKDIR /app
COPY --from=build /app .
# Where a volume for --data is mounted: a new one is the user's then.
COPY --from=build --chown=$APP_UID /data /var/lib/tidings
USER $APP_UID
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["/app/tidings", "health"]
ENTRYPOINT ["/app/tidings"]
CMD ["serve", "--urls", "http://*:8000"]
