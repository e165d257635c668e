using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Tidings.Server.Terminal;

namespace Tidings.Server.Remote;

/// <summary><c>tidings events</c>: who is told of events and what waits; with <c>--follow</c> what is told, as it is told.</summary>
internal sealed class EventsCommand
{
    private readonly RemoteOptions _remote = new();
    private readonly Option<bool> _follow = new("--follow") { Description = "Write each event as it is told, by whatever node, until Ctrl+C" };

    public Command Command
    {
        get
        {
            var command = new Command("events", "Lists the back ends and handlers that are told of events, and what waits for them. Needs the admin key.") { _follow };
            _remote.AddKeyTo(command);
            command.Does(RunAsync);
            return command;
        }
    }

    private async Task<int> RunAsync(ParseResult parsed, CommandOutput output, CancellationToken cancellationToken)
    {
        await using var server = _remote.OpenApi(parsed);
        var receivers = (await server.ReceiversAsync(cancellationToken)).GetProperty("receivers").EnumerateArray().ToList();
        if (receivers.Count == 0)
        {
            throw new CommandException("Nobody is told of events there: Tidings:Events:0:Url names a back end that is.");
        }

        if (!parsed.GetValue(_follow))
        {
            List(output, receivers);
            return ExitCode.Done;
        }

        // The server ends a stream after an hour, or when it stops: then it is opened again, or says why not.
        while (true)
        {
            await foreach (var told in server.FollowToldAsync(cancellationToken))
            {
                Write(output, told);
            }
        }
    }

    private static void List(CommandOutput output, List<JsonElement> receivers)
    {
        if (output.IsJson)
        {
            output.Json(writer =>
            {
                writer.WriteStartArray("receivers");
                receivers.ForEach(receiver => receiver.WriteTo(writer));
                writer.WriteEndArray();
            });
            return;
        }

        output.Table(["receiver", "state", "waiting", "dropped", "why"], receivers.Select(static receiver =>
        {
            var delivery = receiver.TryGetProperty("delivery", out var known) ? known : default;
            return (IReadOnlyList<string>)[Text(receiver, "name"), Text(delivery, "state"), Text(receiver, "waiting"), Text(receiver, "trimmed"), Why(delivery)];
        }));
    }

    private static void Write(CommandOutput output, JsonElement told)
    {
        foreach (var one in told.GetProperty("events").EnumerateArray())
        {
            if (output.IsJson)
            {
                output.Json(writer =>
                {
                    writer.WriteString("receiver", Text(told, "receiver"));
                    writer.WriteString("outcome", Text(told, "outcome"));
                    writer.WritePropertyName("event");
                    one.WriteTo(writer);
                });
                continue;
            }

            var time = DateTimeOffset.FromUnixTimeMilliseconds(one.GetProperty("time").GetInt64()).ToLocalTime().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
            string[] words = [time, Text(one, "type"), Text(one, "channel"), Text(one, "user"), Text(one, "connection"), one.TryGetProperty("data", out var data) ? data.GetRawText() : ""];
            var end = Text(told, "outcome") == "delivered" ? "" : $" ({Text(told, "outcome")}: {Text(told, "why")})";
            output.Line($"{CommandOutput.Clean(string.Join(' ', words.Where(static word => word.Length > 0)))} > {CommandOutput.Clean(Text(told, "receiver") + end)}");
        }
    }

    private static string Why(JsonElement delivery) => Text(delivery, "why") is { Length: > 0 } why ? why
        : delivery.ValueKind == JsonValueKind.Object && delivery.GetProperty("refused").EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.Object } first ? Text(first, "why")
        : "";

    private static string Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value.ToString() : "";
}
