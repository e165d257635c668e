using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tidings.EndToEnd.Tests.Infrastructure;

/// <summary>An authority of the tests' own, with another one between it and the servers, and files with what it has signed.</summary>
internal sealed class TestAuthority : IDisposable
{
    private static readonly DateTimeOffset From = TimeProvider.System.GetUtcNow().AddDays(-1);
    private static readonly DateTimeOffset Until = From.AddDays(10);

    private readonly X509Certificate2 _root;
    private readonly X509Certificate2 _intermediate;
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("tidings-tls-");

    public TestAuthority()
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _root = Request("CN=Root", rootKey, isAuthority: true).CreateSelfSigned(From, Until);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var signed = Request("CN=Intermediate", key, isAuthority: true).Create(_root, From, Until, RandomNumberGenerator.GetBytes(8));
        _intermediate = signed.CopyWithPrivateKey(key);
    }

    public string CertificateFile => Path.Combine(_directory.FullName, "certificate.pem");
    public string KeyFile => Path.Combine(_directory.FullName, "key.pem");

    /// <summary>Writes a new certificate for this machine, with the one between, and its key.</summary>
    /// <returns>The certificate's thumbprint.</returns>
    public string Issue()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Request("CN=Server", key, isAuthority: false).Create(_intermediate, From, Until, RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(CertificateFile, certificate.ExportCertificatePem() + "\n" + _intermediate.ExportCertificatePem());
        File.WriteAllText(KeyFile, key.ExportPkcs8PrivateKeyPem());
        return certificate.Thumbprint;
    }

    /// <summary>Whether what a server presents leads to the root, by what it sends along.</summary>
    public bool Trusts(X509Certificate? certificate, X509Chain? chain)
    {
        chain!.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(_root);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build((X509Certificate2)certificate!);
    }

    /// <summary>What a new connection to the server is presented.</summary>
    public async Task<string> PresentedAsync(int port)
    {
        using var tcp = new System.Net.Sockets.TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, port);
        await using var tls = new SslStream(tcp.GetStream(), leaveInnerStreamOpen: false, (_, certificate, chain, _) => Trusts(certificate, chain));
        await tls.AuthenticateAsClientAsync("localhost");
        return ((X509Certificate2)tls.RemoteCertificate!).Thumbprint;
    }

    public void Dispose()
    {
        _root.Dispose();
        _intermediate.Dispose();
        _directory.Delete(recursive: true);
    }

    private static CertificateRequest Request(string name, ECDsa key, bool isAuthority)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, hasPathLengthConstraint: false, 0, critical: true));
        if (!isAuthority)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName("localhost");
            names.AddIpAddress(IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
        }

        return request;
    }
}
