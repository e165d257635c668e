using Tidings.Server.Terminal;

namespace Tidings.Server.Remote;

// In here: the library has options and messages of the same names.
using Tidings.Client;

/// <summary>A connection by the channel protocol, in the name of a user or of nobody. Where nobody answers at first, it fails and does not try again.</summary>
internal sealed class UserConnection : IAsyncDisposable
{
    private readonly TaskCompletionSource<CommandException> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="url">Where the server is, with a slash at the end.</param>
    /// <param name="token">The user's token, or null.</param>
    /// <param name="comesBack">Whether a connection that breaks later is made anew.</param>
    public UserConnection(Uri url, string? token, bool comesBack)
    {
        Url = url;
        Client = new TidingsClient(new Uri(url, "connect"), new TidingsClientOptions
        {
            Token = token is null ? null : _ => ValueTask.FromResult<string?>(token),
            MaxRetries = comesBack ? null : 0,
            Binary = true,
            MaxMessageBytes = MostBytes,
            OutgoingBytes = MostBytes,
        });
        Client.StateChanged += change =>
        {
            if (change is { State: ClientState.Waiting or ClientState.Closed, Reason: { } reason })
            {
                _failed.TrySetResult(RemoteFaults.Of(url, reason));
            }
        };
    }

    /// <summary>The most bytes of a message: what a server takes whose limits are lifted.</summary>
    public static int MostBytes => 16 * 1024 * 1024;

    public Uri Url { get; }

    public TidingsClient Client { get; }

    /// <summary>Waits until it is connected.</summary>
    /// <exception cref="CommandException">It will not be.</exception>
    public async Task ReadyAsync(CancellationToken cancellationToken)
    {
        var connected = Client.ConnectAsync(cancellationToken);
        if (await Task.WhenAny(connected, _failed.Task) == _failed.Task)
        {
            throw await _failed.Task;
        }

        try
        {
            await connected;
        }
        catch (TidingsException error)
        {
            throw RemoteFaults.Of(Url, error);
        }
    }

    public ValueTask DisposeAsync() => Client.DisposeAsync();
}
