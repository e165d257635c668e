using System.CommandLine;

namespace Tidings.Server.Configuration;

/// <summary>The short forms of options on the command line of <c>tidings serve</c>, and the configuration keys they set.</summary>
internal static class ServeOptions
{
    private const string PusherApps = "Tidings:Pusher:Apps";

    private static readonly string[] AppParts = ["Id", "Key", "Secret"];

    private static readonly (Option Option, string Key)[] All =
    [
        (Text("--urls", "Addresses to listen on, http:// or https://, separated by ';'. Default http://localhost:8000"), "urls"),
        (new Option<bool>("--https") { Description = "Listen by TLS, with a development certificate where no other is named" }, "Tidings:Https"),
        (Text("--certificate", "PEM file with the certificate of https:// addresses; read anew when it changes"), "Tidings:Certificates:CertificateFile"),
        (Text("--certificate-key", "PEM file with its key, where it is not in the same file"), "Tidings:Certificates:KeyFile"),
        (new Option<bool>("--demo") { Description = "Serve the start page and the demo routes" }, "Tidings:Demo"),
        (Text("--engine", "Where logs are kept: memory, data, redis or postgres. Default: as --data and --redis say"), "Tidings:Engine"),
        (Text("--postgres", "PostgreSQL's connection string, as Host=…;Database=…: tasks, resources and their outbox are kept there; with --engine postgres all that nodes share"), "Tidings:PostgreSql"),
        (Text("--api-key", "Key of the server API and of POST /broadcast"), "Tidings:ApiKey"),
        (Text("--admin-key", "Key of who runs the server; it opens the server API too"), "Tidings:AdminKey"),
        (Text("--worker-key", "Key of workers that report tasks' progress"), "Tidings:WorkerKey"),
        (Text("--data", "Directory where a single node keeps logs, tasks, revocations and tickets, so that they survive it"), "Tidings:Data"),
        (Text("--redis", "Redis that all nodes share, as 127.0.0.1:6379; several that share the channels are separated by ';'"), "Tidings:Redis"),
        (Text("--redis-prefix", "What every key and channel in Redis begins with. Default tidings:"), "Tidings:RedisPrefix"),
        (Text("--redis-replicas", "How many replicas of Redis must have a durable publish; over 0 logs outlive a failover. Default 0"), "Tidings:RedisReplicas"),
        (Text("--jwt-secret", "Secret of the key that tokens are signed with (HS256), at least 32 bytes"), "Tidings:Jwt:Secret"),
        (Text("--jwt-authority", "OpenID Connect provider whose tokens are accepted, as https://issuer.example.com/"), "Tidings:Jwt:Authority"),
        (Text("--jwt-audience", "What its tokens must be for (aud)"), "Tidings:Jwt:Audience"),
        (new Option<string[]>("--pusher") { Description = "An application of the Pusher protocol, as ID:KEY:SECRET; may be repeated" }, PusherApps),
        (new Option<bool>("--centrifuge") { Description = "Clients of the Centrifuge protocol (Centrifugo) are served" }, "Tidings:Centrifuge:Enabled"),
        (new Option<bool>("--streams") { Description = "Streams of the Durable Streams protocol are served at /streams" }, "Tidings:Streams:Enabled"),
        (new Option<bool>("--require-auth") { Description = "No anonymous connections" }, "Tidings:RequireAuthentication"),
        (Text("--heartbeat", "How often peers are asked for a sign of life, as 30s; 0 is never"), "Tidings:Heartbeat:Interval"),
        (Text("--limits", "A set of limits: default, small or none"), "Tidings:Limits:Preset"),
        (Text("--pump", "What moves bytes: auto, lanes or streams"), "Tidings:Pump"),
        (new Option<bool>("--request-log") { Description = "Log each request in one line, without tokens" }, "Tidings:RequestLog"),
        (Text("--otlp", "Collector of OpenTelemetry that metrics and spans are sent to, as http://127.0.0.1:4317"), "Tidings:Otlp"),
        (new Option<string[]>("--trusted-proxy") { Description = "A proxy whose forwarded headers count, as 10.0.0.5 or 10.0.0.0/8; may be repeated" }, "Tidings:TrustedProxies"),
        (Text("--path-base", "What stands before all routes where a proxy passes it on, as /push"), "Tidings:PathBase"),
        (new Option<string[]>("--origin") { Description = "An origin besides our own whose pages may connect; may be repeated" }, "Tidings:AllowedOrigins"),
    ];

    public static void AddTo(Command command)
    {
        foreach (var (option, _) in All)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>What was given on the command line, as configuration.</summary>
    public static Dictionary<string, string?> Read(ParseResult parsed)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (option, key) in All)
        {
            if (parsed.GetResult(option) is null or { Implicit: true })
            {
                continue;
            }

            switch (option)
            {
                case Option<bool> flag:
                    settings[key] = parsed.GetValue(flag) ? "true" : "false";
                    break;
                case Option<string[]> apps when key == PusherApps:
                    ReadApps(parsed.GetValue(apps) ?? [], settings);
                    break;
                case Option<string[]> list:
                    foreach (var (index, value) in (parsed.GetValue(list) ?? []).Index())
                    {
                        settings[$"{key}:{index}"] = value;
                    }

                    break;
                case Option<string> text:
                    settings[key] = parsed.GetValue(text);
                    break;
            }
        }

        return settings;
    }

    // What is missing is named with all that is wrong in the configuration.
    private static void ReadApps(string[] apps, Dictionary<string, string?> settings)
    {
        foreach (var (index, app) in apps.Index())
        {
            foreach (var (name, value) in AppParts.Zip(app.Split(':', 3)))
            {
                settings[$"{PusherApps}:{index}:{name}"] = value;
            }
        }
    }

    /// <summary>The short form that sets <paramref name="key"/>, or null.</summary>
    public static string? ShortForm(string key) => All.FirstOrDefault(option => option.Key == key).Option?.Name;

    private static Option<string> Text(string name, string description) => new(name) { Description = description };
}
