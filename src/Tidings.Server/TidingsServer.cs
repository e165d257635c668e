using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Tidings.Server.Configuration;
using Tidings.Server.Site;

namespace Tidings.Server;

/// <summary>The standalone server, put together from its configuration.</summary>
internal static class TidingsServer
{
    private const string DefaultUrl = "http://localhost:8000";

    /// <summary>Builds the server.</summary>
    /// <param name="settings">What goes before environment and files, by configuration key.</param>
    /// <param name="configure">Changes for tests.</param>
    /// <exception cref="OptionsValidationException">Options are wrong; all of them are named.</exception>
    public static WebApplication Build(Dictionary<string, string?> settings, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddJsonFile(Path.Combine(Environment.CurrentDirectory, "appsettings.json"), optional: true);
        builder.Configuration.AddEnvironmentVariables();
        builder.Configuration.AddInMemoryCollection(settings);
        var options = ReadOptions(builder.Configuration);

        if (string.IsNullOrEmpty(builder.Configuration["urls"]))
        {
            builder.WebHost.UseUrls(DefaultUrl);
        }

        // Query strings bear tokens, and the framework logs them whole.
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning);

        // Why the start failed is told by the command, in words.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(60);
        });
        builder.WebHost.UseTidings();
        builder.Services.AddRouting();
        builder.Services.AddProblemDetails();
        builder.Services.AddOpenApi("v1", ApiDocument.Configure);
        builder.Services.AddSingleton(Microsoft.Extensions.Options.Options.Create(options.Tidings));
        configure?.Invoke(builder);

        var app = builder.Build();
        Map(app, options);
        return app;
    }

    private static ServerOptions ReadOptions(ConfigurationManager configuration)
    {
        var options = new ServerOptions();
        var reader = new OptionsReader();
        reader.Read(configuration.GetSection("Tidings"), options.Tidings, options);
        if (options.Demo && string.IsNullOrEmpty(configuration["Tidings:Limits:Preset"]))
        {
            DemoDefaults.Apply(options.Tidings.Limits);
        }

        var faults = reader.Faults.Concat(Options.TidingsOptionsValidator.Faults(options.Tidings)).ToList();
        return faults.Count == 0 ? options : throw new OptionsValidationException("Tidings", typeof(ServerOptions), faults);
    }

    private static void Map(WebApplication app, ServerOptions options)
    {
        app.MapHealthChecks("/healthz", new HealthCheckOptions { Predicate = static _ => false });
        app.MapHealthChecks("/readyz");
        app.MapEcho("/ws");
        app.MapRooms("/ws/{room}");
        app.MapTidings("/connect");
        app.MapTidingsEvents("/api/events");
        app.MapTidingsMessages("/api/messages");
        app.MapClients("/ws/clients/{clientId}");
        app.MapBroadcast("/broadcast");
        app.MapTidingsApi("/api");
        app.MapTickets("/api/tickets");
        app.MapAsyncApi("/asyncapi.json", "/connect");
        app.MapOpenApi("/openapi/{documentName}.json");
        if (options.Demo)
        {
            app.MapExactEcho("/ws/echo");
        }

        app.MapSite(options.Demo);
    }
}
