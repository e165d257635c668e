using System.Security.Cryptography;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Tidings.Options;
using Tidings.Server.Options;

namespace Tidings.Server.Tls;

/// <summary>What <c>https://</c> addresses need: the certificate, and how Kestrel gets it.</summary>
/// <param name="Files">The certificate in force.</param>
/// <param name="ToTrust">Where it is a development certificate, the file by which programs can be told to trust it.</param>
internal sealed record ServerTls(CertificateFiles Files, string? ToTrust)
{
    private const string Missing =
        "An https:// address needs a certificate: set Tidings:Certificates:CertificateFile and Tidings:Certificates:KeyFile, or use --https for a development certificate.";

    /// <summary>Finds the certificate.</summary>
    /// <param name="options">The server's options.</param>
    /// <param name="faults">Where faults go.</param>
    /// <returns>Null where there is a fault.</returns>
    public static ServerTls? Find(ServerOptions options, List<string> faults)
    {
        var (certificate, key) = (options.Certificates.CertificateFile, options.Certificates.KeyFile);
        try
        {
            if (certificate is not null)
            {
                return new ServerTls(new CertificateFiles(certificate, key ?? certificate), ToTrust: null);
            }

            if (options.Https)
            {
                var (secret, open) = DevelopmentCertificate.Ensure(DevelopmentCertificate.Directory, TimeProvider.System.GetUtcNow());
                return new ServerTls(new CertificateFiles(secret, secret), open);
            }

            faults.Add(Missing);
        }
        catch (Exception error) when (error is CryptographicException or IOException or UnauthorizedAccessException)
        {
            faults.Add(certificate is null
                ? $"Tidings:Https: the development certificate can't be kept: {error.Message}"
                : $"Tidings:Certificates:CertificateFile is \"{OptionFault.Shown(certificate)}\" and KeyFile \"{OptionFault.Shown(key ?? certificate)}\"; they must be PEM files with a certificate and its key: {Why(error)}");
        }

        return null;
    }

    // Errors of the file system repeat the path as they have understood it.
    private static string Why(Exception error) => error switch
    {
        CryptographicException => error.Message,
        FileNotFoundException or DirectoryNotFoundException => "one of them is not there.",
        _ => "one of them can't be read.",
    };

    /// <summary>Has every <c>https://</c> address present the certificate in force.</summary>
    public void Use(KestrelServerOptions kestrel) => kestrel.ConfigureHttpsDefaults(https =>
    {
        https.ServerCertificateSelector = (_, _) => Files.Current.Leaf;
        https.OnAuthenticate = (_, handshake) =>
        {
            // The context, and not the certificate alone: it has those that lead to the authority.
            handshake.ServerCertificateSelectionCallback = null;
            handshake.ServerCertificateContext = Files.Current.Context;
        };
    });
}
