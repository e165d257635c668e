using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Tidings.AspNetCore.Keys;

/// <summary>Whether a <see cref="DirectLocal"/> request may do what otherwise needs a key: only while somebody tries things out, and nothing says that others are to come.</summary>
/// <remarks>A proxy on the same machine makes every request local. Once the rule does not hold, it does not hold again in this process. Safe from any thread.</remarks>
/// <param name="triedOut">Whether this is a demo or a developer's machine, without a proxy and without a certificate.</param>
internal sealed class DirectLocalRule(bool triedOut)
{
    private volatile bool _off = !triedOut;

    /// <summary>The rule of an application: of its environment, and of what it has configured.</summary>
    public static DirectLocalRule Of(IServiceProvider services) => new(
        services.GetService<IHostEnvironment>()?.IsDevelopment() == true
        && services.GetService<IOptions<ForwardedHeadersOptions>>()?.Value.ForwardedHeaders is null or ForwardedHeaders.None
        && !HasCertificate(services.GetService<IConfiguration>()));

    /// <summary>Whether the web server's own configuration names a certificate. The one that .NET makes for developers is none.</summary>
    public static bool HasCertificate(IConfiguration? configuration) =>
        configuration is not null
        && (configuration.GetSection("Kestrel:Certificates:Default").Exists()
            || configuration.GetSection("Kestrel:Endpoints").GetChildren().Any(static endpoint => endpoint.GetSection("Certificate").Exists() || endpoint.GetSection("Sni").Exists()));

    /// <summary>Whether it holds with these options. A key of any kind, or required authentication, ends it for good.</summary>
    public bool HoldsWith(TidingsOptions options)
    {
        if (HasKey(options) || options.RequireAuthentication)
        {
            End();
        }

        return !_off;
    }

    /// <summary>Ends it: others are to come.</summary>
    public void End() => _off = true;

    private static bool HasKey(TidingsOptions options) =>
        options.ApiKey is not null || options.AdminKey is not null || options.WorkerKey is not null || options.Jwt.AcceptsTokens
        || options.Centrifuge.Secret is not null || options.Centrifuge.ApiKey is not null;
}
