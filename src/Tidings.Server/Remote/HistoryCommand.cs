using System.CommandLine;
using Tidings.Protocol;
using Tidings.Server.Terminal;

namespace Tidings.Server.Remote;

// In here: the library has options and messages of the same names.
using Tidings.Client;

/// <summary><c>tidings history</c>.</summary>
internal sealed class HistoryCommand
{
    // What the server API gives at once.
    private const int MostMessages = 10_000;
    private const int DefaultMessages = 100;

    private readonly RemoteOptions _remote = new();
    private readonly Argument<string> _channel = ChannelArgument.One();
    private readonly Option<string> _since = ChannelArgument.Since();
    private readonly Option<string> _before = ChannelArgument.Before();
    private readonly Option<int?> _last = new("--last") { Description = "How many of the newest messages, from 0 to 10,000. Default 100" };

    public Command Command
    {
        get
        {
            var command = new Command("history", "Writes the messages that a channel keeps, oldest first.") { _channel, _since, _before, _last };
            _remote.AddTo(command);
            command.Does(RunAsync);
            return command;
        }
    }

    private async Task<int> RunAsync(ParseResult parsed, CommandOutput output, CancellationToken cancellationToken)
    {
        var channel = ChannelArgument.Check(parsed.GetRequiredValue(_channel));
        var since = ChannelArgument.Position(parsed.GetValue(_since));
        var before = ChannelArgument.Position(parsed.GetValue(_before), "--before");
        var last = ChannelArgument.Number(parsed.GetValue(_last), "--last", 0, MostMessages);
        if (since is not null && last is not null)
        {
            throw CommandException.Misused("Either --since or --last, not both.");
        }

        if (since is not null && before is not null)
        {
            throw CommandException.Misused("Either --since or --before, not both.");
        }

        await using var server = _remote.Open(parsed);
        var part = await server.HistoryAsync(channel, Wanted(since, before, last), cancellationToken);
        if (part.Recovered == false)
        {
            output.Note(before is null ? $"Not all that came after {since} is kept; these are the messages that are." : $"What came before {before} is no longer kept.");
        }

        // What comes after a position may be more than a server gives at once.
        var top = part.Position;
        while (true)
        {
            foreach (var message in part.Messages)
            {
                EventText.Write(output, message, message.Time);
            }

            if (since is null || part.Messages is not [.., { Position: { } end }] || end.Epoch != top.Epoch || end.Offset >= top.Offset)
            {
                return ExitCode.Done;
            }

            part = await server.HistoryAsync(channel, new HistoryOptions { Since = end }, cancellationToken);
        }
    }

    private static HistoryOptions Wanted(StreamPosition? since, StreamPosition? before, int? last) =>
        before is not null ? new HistoryOptions { Before = before, Limit = last ?? DefaultMessages }
        : since is not null ? new HistoryOptions { Since = since }
        : new HistoryOptions { Last = last ?? DefaultMessages };
}
