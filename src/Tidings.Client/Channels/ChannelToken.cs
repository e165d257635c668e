namespace Tidings.Client;

/// <summary>The token that grants a channel, until another is to be had. Safe from any thread.</summary>
internal sealed class ChannelToken(string channel, Func<string, CancellationToken, ValueTask<string?>> callback, TimeProvider time)
{
    // One that is refused so soon after it was made is not refused for its age.
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);

    private string? _value;
    private long _obtained;
    private int _obtaining;
    private int _forgotten;
    private int _waiting;

    /// <summary>Null where one is to be had first.</summary>
    public string? Value => Volatile.Read(ref _value);

    /// <summary>Whether there is no use in another one.</summary>
    public bool IsFresh => Value is not null && time.GetElapsedTime(Volatile.Read(ref _obtained)) < Fresh;

    /// <summary>Asks the application.</summary>
    /// <returns>False where it is being asked already.</returns>
    public async ValueTask<bool> ObtainAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _obtaining, 1) != 0)
        {
            return false;
        }

        try
        {
            var value = await callback(channel, cancellationToken).ConfigureAwait(false);
            if (value?.AsSpan().ContainsAnyExceptInRange('!', '~') == true)
            {
                throw new InvalidOperationException("The token has characters that no header can bear.");
            }

            Volatile.Write(ref _obtained, time.GetTimestamp());
            Volatile.Write(ref _value, value);
            return true;
        }
        finally
        {
            Volatile.Write(ref _obtaining, 0);
        }
    }

    /// <summary>It is of no use any more.</summary>
    public void Forget()
    {
        Volatile.Write(ref _value, null);
        Volatile.Write(ref _forgotten, 1);
    }

    /// <summary>Whether the last one was of no use any more before the present one came. Asked once for each.</summary>
    public bool WasForgotten() => Interlocked.Exchange(ref _forgotten, 0) != 0;

    /// <summary>False where another is being waited for already.</summary>
    public bool TryWait() => Interlocked.Exchange(ref _waiting, 1) == 0;

    /// <summary>The waiting is over.</summary>
    public void EndWaiting() => Volatile.Write(ref _waiting, 0);
}
