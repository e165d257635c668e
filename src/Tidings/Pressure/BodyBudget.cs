using System.Diagnostics;
using Tidings.Quotas;

namespace Tidings.Pressure;

/// <summary>What became of a wish for memory.</summary>
internal enum BodyAdmission : byte
{
    Granted,

    /// <summary>The sender holds its share: it alone is refused.</summary>
    SenderFull,

    /// <summary>All senders together hold what there is.</summary>
    AllFull,
}

/// <summary>The memory of everything that has arrived in part: bodies of requests, answers of hooks, messages of WebSockets that are half received
/// or being inflated. Safe from any thread.</summary>
/// <remarks>
/// It counts what has arrived, never what a peer has announced. A sender has a share of the whole, and a few places for bodies that are waited for,
/// so that one sender is refused long before the others notice. The last part of the whole is the server's alone.
/// </remarks>
internal sealed class BodyBudget
{
    /// <summary>How long the rest of a body may be waited for.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Bodies of one sender that may be waited for at once.</summary>
    public const int PlacesPerSender = 128;

    /// <summary>After how many milliseconds a sender that was refused may try again.</summary>
    public const int RetryAfter = 5000;

    // Of the memory that the process may use; and of that, what one sender may hold, and what is kept for the server.
    private const int PartOfMemory = 8;
    private const int PartOfSender = 4;
    private const int PartOfServer = 8;

    private readonly Lock _gate = new();
    private readonly Dictionary<Sender, Holding> _holdings = [];
    private readonly long _largest;
    private readonly long _largestOfSenders;
    private readonly long _share;
    private long _bytes;

    /// <param name="bytes">The whole.</param>
    /// <param name="share">What one sender may hold; at most the whole.</param>
    public BodyBudget(long bytes, long share)
    {
        (_largest, _largestOfSenders) = (bytes, bytes - (bytes / PartOfServer));
        _share = Math.Min(share, _largestOfSenders);
    }

    /// <summary>An eighth of the memory that this process may use; at least what two messages of the largest size need.</summary>
    /// <param name="largestMessage">Bytes of the largest message that is taken.</param>
    public static BodyBudget OfProcess(long largestMessage)
    {
        var bytes = Math.Max(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / PartOfMemory, 4 * largestMessage);
        return new BodyBudget(bytes, Math.Max(bytes / PartOfSender, 2 * largestMessage));
    }

    /// <summary>Bytes that are held now.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Bodies that are waited for now.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _holdings.Values.Sum(static holding => holding.Places);
            }
        }
    }

    /// <summary>Takes memory; <see cref="Shrink"/> gives it back.</summary>
    public BodyAdmission TryGrow(Sender sender, long bytes)
    {
        lock (_gate)
        {
            var holding = _holdings.GetValueOrDefault(sender);
            if (!sender.IsServer && holding.Bytes + bytes > _share)
            {
                return BodyAdmission.SenderFull;
            }

            if (_bytes + bytes > (sender.IsServer ? _largest : _largestOfSenders))
            {
                return BodyAdmission.AllFull;
            }

            _bytes += bytes;
            Set_NeedsLock(sender, holding with { Bytes = holding.Bytes + bytes });
            return BodyAdmission.Granted;
        }
    }

    /// <summary>Gives memory back.</summary>
    public void Shrink(Sender sender, long bytes)
    {
        lock (_gate)
        {
            var holding = _holdings.GetValueOrDefault(sender);
            Debug.Assert(holding.Bytes >= bytes);
            _bytes -= bytes;
            Set_NeedsLock(sender, holding with { Bytes = holding.Bytes - bytes });
        }
    }

    /// <summary>Takes a place for a body that has to be waited for; <see cref="EndWait"/> gives it back. The server has as many as it wants.</summary>
    public bool TryWait(Sender sender)
    {
        lock (_gate)
        {
            var holding = _holdings.GetValueOrDefault(sender);
            if (!sender.IsServer && holding.Places >= PlacesPerSender)
            {
                return false;
            }

            Set_NeedsLock(sender, holding with { Places = holding.Places + 1 });
            return true;
        }
    }

    public void EndWait(Sender sender)
    {
        lock (_gate)
        {
            var holding = _holdings.GetValueOrDefault(sender);
            Debug.Assert(holding.Places > 0);
            Set_NeedsLock(sender, holding with { Places = holding.Places - 1 });
        }
    }

    private void Set_NeedsLock(Sender sender, Holding holding)
    {
        if (holding == default)
        {
            _holdings.Remove(sender);
        }
        else
        {
            _holdings[sender] = holding;
        }
    }

    private readonly record struct Holding(long Bytes, int Places);
}

/// <summary>One body on its way: an array that grows by twice as the body arrives, on its sender's account. Disposing gives the memory back. Not safe from several threads.</summary>
internal sealed class BodyBuffer(BodyBudget budget, Sender sender) : IDisposable
{
    // A body that is shorter comes in one array.
    private const int Smallest = 4 * 1024;

    private byte[] _buffer = [];

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, Length);

    /// <summary>Where the next bytes go; empty until <see cref="Grow"/> has made room.</summary>
    public Memory<byte> Free => _buffer.AsMemory(Length);

    /// <summary>Makes room where there is none.</summary>
    /// <param name="most">The most bytes that may come.</param>
    public BodyAdmission Grow(int most)
    {
        if (Length < _buffer.Length)
        {
            return BodyAdmission.Granted;
        }

        var larger = (int)Math.Min(most, Math.Max(Smallest, 2L * _buffer.Length));
        var admission = budget.TryGrow(sender, larger - _buffer.Length);
        if (admission == BodyAdmission.Granted)
        {
            Array.Resize(ref _buffer, larger);
        }

        return admission;
    }

    /// <summary>So many bytes have been written into <see cref="Free"/>.</summary>
    public void Advance(int bytes) => Length += bytes;

    public void Dispose()
    {
        budget.Shrink(sender, _buffer.Length);
        _buffer = [];
        Length = 0;
    }
}
