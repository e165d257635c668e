using Microsoft.Win32.SafeHandles;
using Tidings.Brokers;

namespace Tidings.Data.Streams;

/// <summary>Brings on disk what SQLite has written to its log, at most so long after it: commits themselves go to the operating system alone. Safe from any thread.</summary>
internal sealed class WalSync : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private readonly SafeFileHandle _file;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private volatile bool _dirty;
    private volatile IOException? _fault;
    private bool _waits;

    public WalSync(string path, TimeProvider time)
    {
        _file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        _timer = time.CreateTimer(static sync => ((WalSync)sync!).Sync(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>To be asked before something is committed.</summary>
    /// <exception cref="BrokerUnavailableException">What was committed before did not come on disk: after that nobody knows what is there.</exception>
    public void ThrowIfFailed()
    {
        if (_fault is { } fault)
        {
            throw new BrokerUnavailableException($"The data directory cannot be synced ({fault.Message}): nothing more is written to streams until the server is started again.", fault);
        }
    }

    /// <summary>Something was committed.</summary>
    public void Note()
    {
        _dirty = true;
        lock (_gate)
        {
            if (!_waits)
            {
                _waits = true;
                _timer.Change(Interval, Timeout.InfiniteTimeSpan);
            }
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        Sync();
        _file.Dispose();
    }

    private void Sync()
    {
        lock (_gate)
        {
            _waits = false;
        }

        if (_dirty && !_file.IsClosed)
        {
            _dirty = false;
            try
            {
                RandomAccess.FlushToDisk(_file);
            }
            catch (IOException error)
            {
                _fault = error;
            }
        }
    }
}
