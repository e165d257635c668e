namespace Tidings.Server.Configuration;

/// <summary>The options of the standalone server: those of the library, and its own.</summary>
internal sealed class ServerOptions
{
    /// <summary>What <c>AddTidings</c> takes.</summary>
    public TidingsOptions Tidings { get; } = new();

    /// <summary>Whether the start page and the demo routes are served. Default false.</summary>
    public bool Demo { get; set; }

    /// <summary>Whether <c>http://</c> addresses become <c>https://</c> ones, with a development certificate where no other is configured. Default false.</summary>
    public bool Https { get; set; }

    /// <summary>The certificate of <c>https://</c> addresses.</summary>
    public CertificateOptions Certificates { get; } = new();
}
