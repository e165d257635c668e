using System.CommandLine;
using System.Globalization;
using System.Text;
using Tidings.Server.Terminal;

namespace Tidings.Server.Remote;

/// <summary><c>tidings presence</c>.</summary>
internal sealed class PresenceCommand
{
    private readonly RemoteOptions _remote = new();
    private readonly Argument<string> _channel = ChannelArgument.One();

    public Command Command
    {
        get
        {
            var command = new Command("presence", "Tells who listens to a channel that has presence.") { _channel };
            _remote.AddTo(command);
            command.Does(RunAsync);
            return command;
        }
    }

    private async Task<int> RunAsync(ParseResult parsed, CommandOutput output, CancellationToken cancellationToken)
    {
        var channel = ChannelArgument.Check(parsed.GetRequiredValue(_channel));
        await using var server = _remote.Open(parsed);
        var presence = await server.PresenceAsync(channel, cancellationToken);
        if (output.IsJson)
        {
            output.Json(writer =>
            {
                writer.WriteString("channel", channel);
                EventText.Members(writer, presence);
            });
            return ExitCode.Done;
        }

        output.Table(["user", "connections", "info"], presence.Members.Select(static member => (IReadOnlyList<string>)
            [member.User, member.Connection ?? member.Connections.ToString(CultureInfo.InvariantCulture), Encoding.UTF8.GetString(member.Info.Span)]));
        if (presence.Count > presence.Members.Count)
        {
            output.Note($"{presence.Count} are there; these are the first {presence.Members.Count}.");
        }

        return ExitCode.Done;
    }
}
