using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Tidings.AspNetCore.Dashboard;
using Tidings.AspNetCore.Keys;
using Tidings.AspNetCore.Listening;
using Tidings.AspNetCore.Services;
using Tidings.Server.AdminKeys;
using Tidings.Server.Configuration;
using Tidings.Server.Dashboard;
using Tidings.Server.Databases;
using Tidings.Server.Demo;
using Tidings.Server.Logs;
using Tidings.Server.Options;
using Tidings.Server.Proxies;
using Tidings.Server.Reloading;
using Tidings.Server.Site;
using Tidings.Server.Telemetry;
using Tidings.Server.Tls;

namespace Tidings.Server;

/// <summary>The standalone server, put together from its configuration.</summary>
internal static class TidingsServer
{
    private const int ReadAhead = 64 * 1024;

    /// <summary>Builds the server.</summary>
    /// <param name="settings">What goes before environment and files, by configuration key.</param>
    /// <param name="configure">Changes for tests.</param>
    /// <exception cref="OptionsValidationException">Options are wrong; all of them are named.</exception>
    public static WebApplication Build(Dictionary<string, string?> settings, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = ServerConfiguration.CreateBuilder(settings);
        var started = ServerSettings.Read(builder.Configuration);
        var (options, urls, tls) = started;
        builder.WebHost.UseUrls(urls);

        ServerLogging.Configure(builder);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(60);
            BoundMemory(kestrel.Limits);
            if (options.Tidings.Pump == PumpKind.Streams || !OperatingSystem.IsLinux())
            {
                kestrel.ConfigureEndpointDefaults(HttpPlaces.Bound);
            }

            tls?.Use(kestrel);
        });
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.UseTidings();
        builder.Services.AddSingleton(new TrustedPeers(TrustedProxies.Matcher(options.TrustedProxies.AsReadOnly())));
        builder.Services.AddRouting();
        builder.Services.AddProblemDetails();
        builder.Services.AddOpenApi("v1", ApiDocument.Configure);
        builder.Services.AddSingleton(Microsoft.Extensions.Options.Options.Create(options.Tidings));
        builder.Services.AddSingleton(new DirectLocalRule(started.IsTriedOut(builder.Environment, builder.Configuration)));
        builder.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<MadeAdminKey>(services, started));
        builder.Services.AddHostedService(static services => services.GetRequiredService<MadeAdminKey>());
        if (options.ToRedis() is { } redis)
        {
            new TidingsServiceBuilder(builder.Services).AddRedis(redis);
        }

        if (options.Data is { } data)
        {
            new TidingsServiceBuilder(builder.Services).AddData(data);
        }

        if (options.ToPostgreSql() is { } shared)
        {
            new TidingsServiceBuilder(builder.Services).AddPostgreSql(shared);
        }
        else if (options.PostgreSql is { } postgreSql)
        {
            TaskDb.Add(builder, postgreSql);
        }

        if (options.Demo)
        {
            DemoItems.Add(builder, options.PostgreSql, options.Data);
        }

        builder.Services.AddHostedService(services => ActivatorUtilities.CreateInstance<ConfigurationReload>(services, settings, started, builder.Configuration));
        if (options.Otlp is { } otlp)
        {
            builder.Services.AddSingleton<IHostedService>(services => new OtlpExport(new Uri(otlp), builder.Configuration, services.GetTidings().Node.Server.Version));
        }

        configure?.Invoke(builder);

        if (tls is not null)
        {
            builder.Services.AddSingleton(_ => tls.Files);
            builder.Services.AddSingleton(tls);
        }

        var app = builder.Build();
        app.Services.GetService<CertificateFiles>()?.Watch(app.Services.GetRequiredService<TimeProvider>(), app.Logger);
        Map(app, options);
        return app;
    }

    // What the web server reads ahead of its reader, for each connection.
    private static void BoundMemory(KestrelServerLimits limits)
    {
        limits.MaxRequestBufferSize = ReadAhead;
        limits.Http2.InitialStreamWindowSize = ReadAhead;
        limits.Http2.InitialConnectionWindowSize = 2 * ReadAhead;
    }

    // Whether middleware does nothing to a handshake that bears no forwarded headers.
    private static bool PipelineIsPlain(ServerOptions options) => !options.RequestLog && options.PathBase is null;

    private static void Map(WebApplication app, ServerOptions options)
    {
        app.Use(static (context, next) =>
        {
            context.Response.Headers.XContentTypeOptions = "nosniff";
            return next(context);
        });
        if (options.RequestLog)
        {
            app.Use(new RequestLog(app.Services.GetRequiredService<ILogger<RequestLog>>(), app.Services.GetRequiredService<TimeProvider>()).InvokeAsync);
        }

        TrustedProxies.Use(app, options.TrustedProxies.AsReadOnly(), app.Services.GetTidings().Forwarding);
        if (options.PathBase is { } pathBase)
        {
            app.UsePathBase(pathBase);
        }

        app.UseRouting();
        app.MapHealthChecks("/healthz", new HealthCheckOptions { Predicate = static _ => false });
        app.MapReadiness("/readyz");
        IEndpointConventionBuilder[] entrances = [app.MapEcho("/ws"), app.MapRooms("/ws/{room}"), app.MapTidings("/connect"), app.MapClients("/ws/clients/{clientId}")];
        if (PipelineIsPlain(options))
        {
            foreach (var entrance in entrances)
            {
                entrance.WithExpressHandshake();
            }
        }

        app.MapTidingsEvents("/api/events");
        app.MapTidingsMessages("/api/messages");
        app.MapBroadcast("/broadcast");
        app.MapTidingsApi("/api");
        app.MapTidingsMetrics("/metrics");
        app.MapTickets("/api/tickets");
        app.MapPusher();
        if (app.Services.GetTidings().Node.Options.Centrifuge.Enabled)
        {
            app.MapCentrifuge();
        }

        if (app.Services.GetTidings().Node.Options.Streams.Enabled)
        {
            app.MapStreams("/streams");
        }

        app.MapAsyncApi("/asyncapi.json", "/connect");
        app.MapOpenApi("/openapi/{documentName}.json");
        var tasks = app.MapTasks("/api/tasks", "/ws/tasks/{taskId}");
        if (options.Demo)
        {
            tasks.Map(DemoTask.Name, DemoTask.RunAsync).AllowCancel();
            DemoItems.Map(app);
            app.MapExactEcho("/ws/echo");
        }

        var dashboard = DashboardSite.Map(app, "/dashboard");
        if (options.Dashboard.SignsIn)
        {
            OpenIdSignIn.Map(app, dashboard, options.Dashboard);
        }

        app.MapSite(options.Demo);
    }
}
