using Tidings.Client.Connecting;
using Tidings.Client.Contracts;
using Tidings.Protocol;

namespace Tidings.Client;

/// <content>Tokens of single channels.</content>
public sealed partial class TidingsClient : IChannelTokens
{
    private const int LatestRenewal = 60;

    private static readonly TimeSpan Later = TimeSpan.FromSeconds(5);

    void IChannelTokens.Obtain(SharedChannel channel) => _ = ObtainAsync(channel, renew: false);

    void IChannelTokens.Ended(SharedChannel channel)
    {
        channel.Suspend();
        channel.Token!.Forget();
        _ = ObtainAsync(channel, renew: false);
    }

    void IChannelTokens.Later(SharedChannel channel)
    {
        channel.Suspend();
        channel.Token!.Forget();
        if (channel.Token.TryWait())
        {
            _ = ObtainLaterAsync(channel);
        }
    }

    void IChannelTokens.Expires(SharedChannel channel, long? seconds)
    {
        if (seconds is { } left && channel.Token is { Value: { } token })
        {
            _ = RenewAsync(channel, token, TimeSpan.FromSeconds(left - Math.Min(LatestRenewal, left / 2d)));
        }
    }

    private async Task ObtainLaterAsync(SharedChannel channel)
    {
        // A stream or poll goes on without the channel meanwhile.
        lock (_gate)
        {
            _session?.Subscriber.Left();
        }

        try
        {
            await Task.Delay(Later, _options.TimeProvider, _end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        channel.Token!.EndWaiting();
        await ObtainAsync(channel, renew: false).ConfigureAwait(false);
    }

    private async Task RenewAsync(SharedChannel channel, string token, TimeSpan after)
    {
        try
        {
            await Task.Delay(after, _options.TimeProvider, _end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        if (channel is { IsLive: true, Token: { } present } && present.Value == token && _channels.Find(channel.Name) == channel)
        {
            await ObtainAsync(channel, renew: true).ConfigureAwait(false);
        }
    }

    // The connection may be another by the time that there is a token: whichever there is then is told.
    private async Task ObtainAsync(SharedChannel channel, bool renew)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            if (!await channel.Token!.ObtainAsync(_end.Token).ConfigureAwait(false))
            {
                return;
            }
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            return;
        }
#pragma warning disable CA1031 // The application's own; whatever it throws is told to those who follow the channel.
        catch (Exception error)
#pragma warning restore CA1031
        {
            ClientLog.TokenFailed(_log, error);
            Array.ForEach(channel.Feeds, feed => feed.OnError(ErrorCode.Unauthorized, "There is no token for this channel."));
            return;
        }

        lock (_gate)
        {
            if (_channels.Find(channel.Name) != channel)
            {
                return;
            }

            if (channel.Token.Value is null)
            {
                _channels.End(channel, new TidingsException(ErrorCode.Unauthorized, "There is no token for this channel."));
            }
            else if (renew && !channel.Token.WasForgotten())
            {
                _session?.Subscriber.Renew(channel);
            }
            else
            {
                channel.Token.WasForgotten();
                _session?.Subscriber.Subscribe(channel);
            }
        }
    }
}
