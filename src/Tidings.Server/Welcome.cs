using Tidings.AspNetCore.Services;
using Tidings.Server.AdminKeys;
using Tidings.Server.Tls;

namespace Tidings.Server;

/// <summary>What a started server says: where it is, and what to try next.</summary>
internal static class Welcome
{
    public static void Print(WebApplication app, TextWriter output)
    {
        var url = app.Urls.First();
        var ws = "ws" + url["http".Length..];
        var trust = app.Services.GetService<ServerTls>()?.ToTrust;
        var (curl, python) = trust is null ? ("curl", "python3") : ($"curl --cacert '{trust}'", $"SSL_CERT_FILE='{trust}' python3");
        var tidings = app.Services.GetTidings();
        var made = app.Services.GetRequiredService<MadeAdminKey>().File;
        var key = tidings.ApiAccess.TrustsLocal ? "" : made is null ? " -H 'authorization: Bearer <key>'" : $" -H \"authorization: Bearer $(cat '{made}')\"";

        // As they stand, the lines work; what only the reader has is in angle brackets.
        var listen = tidings.Node.Options.RequireAuthentication ? $"'{ws}/ws/lobby?token=<token>'" : $"{ws}/ws/lobby";
        output.WriteLine($"""
            Tidings is running.

              Open        {string.Join("  ", app.Urls)}
              Listen      {python} -m websockets {listen}
              Say         {curl} -X POST {url}/broadcast{key} -H 'content-type: application/json' -d '{"{"}"content":"hello","room":"lobby"{"}"}'
              Health      {curl} {url}/readyz
              Dashboard   {url}/dashboard

            """);
        if (made is not null)
        {
            output.WriteLine($"""
                  The admin key of this server lies in
                  {made}

                """);
        }

        if (tidings.Node.Options.Channels is { Count: > 0 } kinds)
        {
            output.WriteLine($"""
                  Channels    {string.Join(", ", kinds.Select(static kind => kind.Pattern))}; these take the place of the built-in chat:* and room:*

                """);
        }

        if (trust is not null)
        {
            output.WriteLine($"""
                  The certificate is this machine's own, and nobody trusts it yet. Browsers ask once. To have them trust it, import
                  {trust}
                  among their certificates; where certutil is at hand (Chromium on Linux):
                    certutil -d sql:$HOME/.pki/nssdb -A -t P,, -n tidings -i '{trust}'

                """);
        }

        output.WriteLine("Ctrl+C stops it.");
    }
}
