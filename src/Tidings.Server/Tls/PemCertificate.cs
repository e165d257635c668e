using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tidings.Server.Tls;

/// <summary>A certificate with its key and the certificates that lead to its authority, read from PEM files.</summary>
/// <param name="Leaf">The server's own certificate, with its key.</param>
/// <param name="Context">What a handshake presents.</param>
internal sealed record PemCertificate(X509Certificate2 Leaf, SslStreamCertificateContext Context)
{
    /// <summary>Reads both files.</summary>
    /// <exception cref="CryptographicException">They hold no certificate, no key, or a key that does not belong to it.</exception>
    /// <exception cref="IOException">They can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">They may not be read.</exception>
    public static PemCertificate Read(string certificateFile, string keyFile)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPemFile(certificateFile);
        if (certificates.Count == 0)
        {
            throw new CryptographicException("There is no certificate in it.");
        }

        var leaf = ReadLeaf(certificateFile, keyFile);
        if (OperatingSystem.IsWindows())
        {
            // Its TLS takes no key that is nowhere but in memory.
            using var ephemeral = leaf;
            leaf = X509CertificateLoader.LoadPkcs12(ephemeral.Export(X509ContentType.Pkcs12), password: null);
        }

        certificates.RemoveAt(0);
        return new PemCertificate(leaf, SslStreamCertificateContext.Create(leaf, certificates, offline: true));
    }

    /// <summary>Reads the first certificate and its key.</summary>
    /// <exception cref="CryptographicException">They hold no certificate, no key, or a key that does not belong to it.</exception>
    public static X509Certificate2 ReadLeaf(string certificateFile, string keyFile)
    {
        try
        {
            return X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
        }
        catch (ArgumentException error)
        {
            throw new CryptographicException("The key does not belong to the certificate.", error);
        }
    }
}
