using Microsoft.Extensions.Logging;
using Tidings.Client.Contracts;

namespace Tidings.Client.Connecting;

/// <summary>The token that the application's callback gave, until it is to be asked again.</summary>
internal sealed class ClientToken(Func<CancellationToken, ValueTask<string?>>? callback, ILogger log)
{
    private string? _value;
    private bool _known;

    /// <summary>Whether there is anybody to ask.</summary>
    public bool CanRenew => callback is not null;

    /// <summary>The token; the callback is asked where it is not known.</summary>
    public async ValueTask<string?> GetAsync(CancellationToken cancellationToken)
    {
        if (!_known && callback is not null)
        {
            var value = await CallAsync(callback, cancellationToken).ConfigureAwait(false);
            if (value is not null && value.AsSpan().ContainsAnyExceptInRange('!', '~'))
            {
                throw new InvalidOperationException("The token has characters that no header can bear.");
            }

            _value = value;
            _known = true;
        }

        return _value;
    }

    /// <summary>The next time the callback is asked again.</summary>
    public void Forget() => _known = false;

    // By a source of its own: what the application registers with it, and what that throws, is not the client's.
    private async ValueTask<string?> CallAsync(Func<CancellationToken, ValueTask<string?>> callback, CancellationToken cancellationToken)
    {
        using var source = new CancellationTokenSource();
        await using var registration = cancellationToken.UnsafeRegister(Cancel, null).ConfigureAwait(false);
        return await callback(source.Token).ConfigureAwait(false);

        void Cancel(object? state)
        {
            try
            {
                source.Cancel();
            }
            catch (AggregateException error)
            {
                ClientLog.HandlerFailed(log, error);
            }
        }
    }
}
