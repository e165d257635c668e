using System.CommandLine;
using System.Threading.Channels;
using Tidings.Server.Terminal;

namespace Tidings.Server.Remote;

// In here: the library has options and messages of the same names.
using Tidings.Client;

/// <summary><c>tidings subscribe</c>: follows channels until it is ended, over broken connections too.</summary>
internal sealed class SubscribeCommand
{
    // What the server gives a subscriber at once.
    private const int MostMessages = 1000;

    private readonly RemoteOptions _remote = new();
    private readonly Argument<string[]> _channels = ChannelArgument.Several();
    private readonly Option<string> _since = ChannelArgument.Since();
    private readonly Option<int?> _last = new("--last") { Description = "How many of the newest messages to begin with, to 1,000. Default 0" };
    private readonly Option<bool> _presence = new("--presence") { Description = "Joins and leaves too, where the channel has presence" };
    private readonly Option<int?> _count = new("--count") { Description = "End after so many messages. Default: never" };

    public Command Command
    {
        get
        {
            var command = new Command("subscribe", "Writes what is said in channels, as it is said. Broken connections are resumed.") { _channels, _since, _last, _presence, _count };
            _remote.AddUserTo(command);
            command.Does(RunAsync);
            return command;
        }
    }

    private async Task<int> RunAsync(ParseResult parsed, CommandOutput output, CancellationToken cancellationToken)
    {
        var channels = parsed.GetRequiredValue(_channels).Select(ChannelArgument.Check).Distinct().ToList();
        var last = ChannelArgument.Number(parsed.GetValue(_last), "--last", 0, MostMessages);
        var options = new SubscribeOptions
        {
            Since = ChannelArgument.Position(parsed.GetValue(_since)),
            Last = last ?? 0,
            Presence = parsed.GetValue(_presence),
        };
        var left = ChannelArgument.Number(parsed.GetValue(_count), "--count", 1, int.MaxValue) ?? -1;
        if (options.Since is not null && (last is not null || channels.Count > 1))
        {
            throw CommandException.Misused("--since is a place in one channel: name one, and no --last.");
        }

        await using var connection = _remote.Connect(parsed);
        await connection.ReadyAsync(cancellationToken);
        connection.Client.StateChanged += change =>
        {
            if (change is { State: ClientState.Waiting, Delay: { } delay })
            {
                output.Note($"The connection to {connection.Url} is lost; trying again in {delay.TotalSeconds:0.0} s.");
            }
        };
        await foreach (var told in FollowAsync(connection, channels, options, cancellationToken))
        {
            EventText.Write(output, told, TimeProvider.System.GetUtcNow());
            if (told is ChannelMessage && --left == 0)
            {
                return ExitCode.Done;
            }
        }

        return ExitCode.Done;
    }

    // What all channels tell, each in its order. The first that fails ends it.
    private static IAsyncEnumerable<ChannelEvent> FollowAsync(UserConnection connection, List<string> channels, SubscribeOptions options, CancellationToken cancellationToken)
    {
        var all = Channel.CreateBounded<ChannelEvent>(64);
        _ = Task.WhenAll(channels.Select(name => connection.Client.Subscribe(name, options)).ToList().Select(PumpAsync))
            .ContinueWith(_ => all.Writer.TryComplete(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return all.Reader.ReadAllAsync(cancellationToken);

        async Task PumpAsync(ChannelSubscription subscription)
        {
            try
            {
                await foreach (var told in subscription.WithCancellation(cancellationToken))
                {
                    await all.Writer.WriteAsync(told, cancellationToken);
                }
            }
            catch (TidingsException error)
            {
                all.Writer.TryComplete(RemoteFaults.Of(connection.Url, error));
            }
            catch (Exception error) when (error is OperationCanceledException or ChannelClosedException)
            {
                // Who reads has gone, or has been told why.
            }
        }
    }
}
