using Microsoft.Extensions.Options;
using Tidings.AspNetCore.Centrifuge;
using Tidings.AspNetCore.Keys;
using Tidings.Engine;
using Tidings.Options;
using Tidings.Server.Databases;
using Tidings.Server.Options;
using Tidings.Server.Proxies;
using Tidings.Server.Telemetry;
using Tidings.Server.Tls;

namespace Tidings.Server.Configuration;

/// <summary>All that a configuration says, read and found good.</summary>
/// <param name="Options">The options.</param>
/// <param name="Urls">Where to listen, separated by <c>;</c>.</param>
/// <param name="Tls">The certificate, where an address needs one.</param>
internal sealed record ServerSettings(ServerOptions Options, string Urls, ServerTls? Tls)
{
    /// <summary>Whether direct local requests may need no key, as far as it is not about keys (docs/security.md#trying-it-out).</summary>
    public bool IsTriedOut(IHostEnvironment environment, IConfiguration configuration) =>
        (Options.Demo || environment.IsDevelopment())
        && Options.TrustedProxies.Count == 0
        && Options.Certificates.CertificateFile is null
        && !DirectLocalRule.HasCertificate(configuration);

    /// <summary>Reads and checks.</summary>
    /// <exception cref="OptionsValidationException">Options are wrong; all of them are named.</exception>
    public static ServerSettings Read(IConfiguration configuration)
    {
        var options = new ServerOptions();
        var reader = new OptionsReader();
        reader.Read(configuration.GetSection("Tidings"), options.Tidings, options);
        if (options.Demo)
        {
            DemoDefaults.Apply(options.Tidings, limits: string.IsNullOrEmpty(configuration["Tidings:Limits:Preset"]));
        }

        var faults = reader.Faults.Concat(TidingsOptionsValidator.Faults(options.Tidings)).ToList();
        faults.AddRange(options.Dashboard.Faults());
        faults.AddRange(TrustedProxies.Faults(options.TrustedProxies));
        faults.AddRange(options.ToRedis()?.Faults() ?? []);
        faults.AddRange(options.ToPostgreSql()?.Faults().Where(static fault => !fault.StartsWith("Tidings:PostgreSql is ", StringComparison.Ordinal)) ?? []);
        faults.AddRange(ExampleSecrets.Faults(options, "Tidings:").Select(static fault => fault.Replace("Tidings:Tidings:", "Tidings:", StringComparison.Ordinal)).Except(faults));
        if (options.PostgreSql is { } postgreSql && !TaskDb.IsConnectionString(postgreSql))
        {
            faults.Add(OptionFault.Of<ServerOptions>(nameof(ServerOptions.PostgreSql), "Tidings:PostgreSql", postgreSql, "Npgsql's connection string, as Host=127.0.0.1;Database=tidings"));
        }

        if (options.Data is { } data && (string.IsNullOrWhiteSpace(data) || File.Exists(data)))
        {
            faults.Add(OptionFault.Of<ServerOptions>(nameof(ServerOptions.Data), "Tidings:Data", data, "a directory, which is made where it is missing, as /var/lib/tidings"));
        }

        faults.AddRange(options.EngineFaults());
        if (options.PathBase is { } pathBase && (!pathBase.StartsWith('/') || pathBase.EndsWith('/') || pathBase.AsSpan().ContainsAny("?#% ")))
        {
            faults.Add(OptionFault.Of<ServerOptions>(nameof(ServerOptions.PathBase), "Tidings:PathBase", pathBase, "a path that begins with a slash and does not end with one, as /push"));
        }

        if (options.Otlp is { } otlp && !OtlpExport.IsEndpoint(otlp))
        {
            faults.Add(OptionFault.Of<ServerOptions>(nameof(ServerOptions.Otlp), "Tidings:Otlp", otlp, "an address without user and password, as http://127.0.0.1:4317"));
        }

        var urls = ListenUrls.Read(configuration["urls"], options.Https, faults);
        if (options.Tidings.Centrifuge.Enabled && LoopbackOnly.OptionOf(options.Tidings.Centrifuge) is { } tryingOut
            && urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault(static url => !LoopbackOnly.IsLoopback(url)) is { } open)
        {
            faults.Add($"{tryingOut} is only for trying out, and the server is to listen on {open}, which is no loopback address: listen on localhost alone, or change the option.");
        }

        var tls = ListenUrls.NeedCertificate(urls) && !configuration.GetSection("Kestrel:Certificates:Default").Exists() ? ServerTls.Find(options, faults) : null;
        return faults.Count == 0 ? new ServerSettings(options, urls, tls) : throw new OptionsValidationException("Tidings", typeof(ServerOptions), faults);
    }
}
