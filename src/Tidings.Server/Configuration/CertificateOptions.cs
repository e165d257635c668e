namespace Tidings.Server.Configuration;

/// <summary>The certificate of <c>https://</c> addresses. It is read anew when its files change.</summary>
internal sealed class CertificateOptions
{
    /// <summary>A PEM file with the certificate, followed by those that lead from it to its authority. Default none.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>A PEM file with the certificate's private key, not encrypted. Default: it is in <see cref="CertificateFile"/>.</summary>
    public string? KeyFile { get; set; }
}
