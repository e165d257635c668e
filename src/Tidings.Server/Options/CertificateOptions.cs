using Tidings.Options;

namespace Tidings.Server.Options;

/// <summary>The certificate of <c>https://</c> addresses (docs/security.md#tls). Its files are read anew when they change.</summary>
[Reloadable]
internal sealed class CertificateOptions
{
    /// <summary>A PEM file with the certificate, followed by those that lead from it to its authority. Default none.</summary>
    [OptionForm("a PEM file")]
    public string? CertificateFile { get; set; }

    /// <summary>A PEM file with the certificate's private key, not encrypted. Default: the same file.</summary>
    [OptionForm("a PEM file")]
    public string? KeyFile { get; set; }
}
