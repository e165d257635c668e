using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tidings.Server.Tls;

/// <summary>A certificate for this machine's own names, which nobody trusts until told to. It is made once, kept for the user who runs the server, and made anew a month before its end.</summary>
internal static class DevelopmentCertificate
{
    // Browsers refuse server certificates that hold longer than 398 days.
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);
    private static readonly TimeSpan Renewal = TimeSpan.FromDays(30);

    /// <summary>Where it is kept.</summary>
    /// <exception cref="IOException">The user has no directory for such things.</exception>
    public static string Directory
    {
        get
        {
            var home = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create);
            return home.Length > 0
                ? Path.Combine(home, "tidings")
                : throw new IOException("There is no home directory to keep a development certificate in.");
        }
    }

    /// <summary>The one that is kept, or a new one.</summary>
    /// <param name="directory">Where it is kept.</param>
    /// <param name="now">The time.</param>
    /// <returns>A file with the certificate and its key, and one with the certificate alone, to be trusted.</returns>
    /// <exception cref="IOException">It can't be kept.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be kept there.</exception>
    public static (string Secret, string Public) Ensure(string directory, DateTimeOffset now)
    {
        var secret = Path.Combine(directory, "development-certificate-with-key.pem");
        var open = Path.Combine(directory, "development-certificate.pem");
        if (Read(secret, now) is not { } certificate)
        {
            System.IO.Directory.CreateDirectory(directory);
            certificate = Make(now);
            using var key = certificate.GetECDsaPrivateKey()!;
            Write(secret, certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n", isSecret: true);
        }

        using (certificate)
        {
            Write(open, certificate.ExportCertificatePem() + "\n", isSecret: false);
        }

        return (secret, open);
    }

    private static X509Certificate2? Read(string file, DateTimeOffset now)
    {
        try
        {
            var certificate = PemCertificate.ReadLeaf(file, file);
            if (certificate.NotBefore <= now && now < certificate.NotAfter - Renewal)
            {
                return certificate;
            }

            certificate.Dispose();
            return null;
        }
        catch (Exception error) when (error is CryptographicException or FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static X509Certificate2 Make(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Tidings development certificate", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());

        // No authority: a browser that trusts it trusts nothing but this server.
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1", "Server Authentication")], critical: false));
        return request.CreateSelfSigned(now.AddMinutes(-5), now + Lifetime);
    }

    // Whole or not at all: another server may be reading it, or making it too.
    private static void Write(string file, string text, bool isSecret)
    {
        var part = $"{file}.{Guid.NewGuid():N}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (isSecret && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var writer = new StreamWriter(part, options))
        {
            writer.Write(text);
        }

        File.Move(part, file, overwrite: true);
    }
}
