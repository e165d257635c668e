using System.Security.Cryptography;

namespace Tidings.Server.Tls;

/// <summary>The certificate in force: read at the start, and anew when its files change. New connections get the new one, those that are open keep theirs.</summary>
/// <remarks>It looks at what the files hold and not at notices of the file system, which know nothing of links that are turned to other
/// files. Files that are being written, or don't fit, leave the old one in force until they do.</remarks>
internal sealed partial class CertificateFiles : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private string _certificateFile;
    private string _keyFile;
    private byte[] _seen;
    private PemCertificate _current;
    private ITimer? _timer;
    private ILogger? _log;

    /// <exception cref="CryptographicException">The files don't hold what they must.</exception>
    /// <exception cref="IOException">They can't be read.</exception>
    public CertificateFiles(string certificateFile, string keyFile)
    {
        _certificateFile = certificateFile;
        _keyFile = keyFile;
        _seen = Digest();
        _current = PemCertificate.Read(certificateFile, keyFile);
    }

    public PemCertificate Current => Volatile.Read(ref _current);

    /// <summary>Begins to look after the files, every five seconds. Once.</summary>
    public void Watch(TimeProvider time, ILogger log)
    {
        _log = log;
        _timer = time.CreateTimer(static files => ((CertificateFiles)files!).Look(), this, Interval, Interval);
    }

    /// <summary>Looks after the files of <paramref name="other"/> from now on, which were just read.</summary>
    public void Change(CertificateFiles other)
    {
        lock (_gate)
        {
            if ((_certificateFile, _keyFile) != (other._certificateFile, other._keyFile))
            {
                (_certificateFile, _keyFile, _seen) = (other._certificateFile, other._keyFile, other._seen);
                Volatile.Write(ref _current, other._current);
            }
        }
    }

    public void Dispose() => _timer?.Dispose();

    private void Look()
    {
        lock (_gate)
        {
            Look_NeedsLock();
        }
    }

    private void Look_NeedsLock()
    {
        try
        {
            var found = Digest();
            if (found.AsSpan().SequenceEqual(_seen))
            {
                return;
            }

            // Noted first: files that don't fit are complained of once.
            _seen = found;
            var read = PemCertificate.Read(_certificateFile, _keyFile);
            Volatile.Write(ref _current, read);
            LogRead(_log!, _certificateFile, read.Leaf.NotAfter.ToUniversalTime());
        }
        catch (Exception error) when (error is CryptographicException or IOException or UnauthorizedAccessException)
        {
            LogUnreadable(_log!, _certificateFile, _keyFile, error.Message);
        }
    }

    private byte[] Digest() => [.. SHA256.HashData(File.ReadAllBytes(_certificateFile)), .. SHA256.HashData(File.ReadAllBytes(_keyFile))];

    [LoggerMessage(600, LogLevel.Information, "The certificate in {File} was reloaded; new connections get it. It expires {NotAfter:u}")]
    private static partial void LogRead(ILogger log, string file, DateTime notAfter);

    [LoggerMessage(601, LogLevel.Warning, "The certificate in {File} with the key in {KeyFile} cannot be read; the previous one stays in force: {Reason}")]
    private static partial void LogUnreadable(ILogger log, string file, string keyFile, string reason);
}
