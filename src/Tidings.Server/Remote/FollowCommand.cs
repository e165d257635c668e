using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Tidings.Server.Terminal;

namespace Tidings.Server.Remote;

/// <summary><c>tidings follow</c>: what one connection says and gets, until it ends.</summary>
internal sealed class FollowCommand
{
    private readonly RemoteOptions _remote = new();
    private readonly Argument<string> _connection = new("CONNECTION") { Description = "The connection's id, as tidings connections and the dashboard have it" };

    public Command Command
    {
        get
        {
            var command = new Command("follow", "Writes what one connection says and gets, as it does, with secrets masked: for ten minutes at most, and each look is logged there. Needs the admin key.") { _connection };
            _remote.AddKeyTo(command);
            command.Does(RunAsync);
            return command;
        }
    }

    private async Task<int> RunAsync(ParseResult parsed, CommandOutput output, CancellationToken cancellationToken)
    {
        await using var server = _remote.OpenApi(parsed);
        await foreach (var (name, data) in server.FollowConnectionAsync(parsed.GetRequiredValue(_connection), cancellationToken))
        {
            if (output.IsJson)
            {
                output.Json(writer =>
                {
                    writer.WriteString("event", name);
                    foreach (var field in data.EnumerateObject())
                    {
                        field.WriteTo(writer);
                    }
                });
            }
            else
            {
                Write(output, name, data);
            }

            if (name == "end")
            {
                return ExitCode.Done;
            }
        }

        throw new CommandException("The server ended the stream, and the connection may go on: it has stopped, or a proxy between has cut it.");
    }

    private static void Write(CommandOutput output, string name, JsonElement data)
    {
        switch (name)
        {
            case "following":
                output.Note($"Following {Text(data, "connection")} ({string.Join(", ", new[] { Text(data, "user"), Text(data, "protocol"), "node " + Text(data, "node") }.Where(static part => part.Length > 0))}). Ctrl+C ends it.");
                break;
            case "frame":
                output.Columns((Time(data), "dim"), (Text(data, "direction"), data.GetProperty("direction").ValueEquals("in") ? "green" : "blue"), (Text(data, "kind"), "dim"), (Shown(data), ""));
                break;
            case "skipped":
                output.Note($"{Text(data, "skipped")} frames came too fast to be shown.");
                break;
            case "end":
                output.Note(Text(data, "why") == "time" ? "One look lasts ten minutes at most." : $"The connection has ended: {Text(data, "code")} {Text(data, "reason")}".TrimEnd() + ".");
                break;
        }
    }

    private static string Shown(JsonElement frame)
    {
        var bytes = $"({Text(frame, "length")} bytes)";
        var isCut = Text(frame, "cut").Length > 0;
        string[] parts = [Text(frame, "code"), Text(frame, "text") + (isCut ? "…" : ""), Text(frame, "hex"), isCut || Text(frame, "kind") == "binary" ? bytes : ""];
        return string.Join(' ', parts.Where(static part => part.Length > 0));
    }

    private static string Time(JsonElement frame) => DateTimeOffset.FromUnixTimeMilliseconds(frame.GetProperty("time").GetInt64()).ToLocalTime().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);

    private static string Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.ToString() : "";
}
