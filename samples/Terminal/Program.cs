// A chat in the terminal: dotnet run --project samples/Terminal -- ws://localhost:8000/connect chat:lobby
// What is typed is published, what is said is printed; it lives through broken connections.
using System.Text.Json.Serialization;
using Tidings.Client;

var (address, channel) = (new Uri(args[0]), args[1]);
await using var tidings = new TidingsClient(address);
tidings.StateChanged += change => Console.Error.WriteLine($"{change.State} {change.Transport} {change.Reason?.Code} {change.Delay}");

var room = tidings.Subscribe(channel, new SubscribeOptions { Last = 20, Presence = true });
var listening = ListenAsync();
while (await Console.In.ReadLineAsync() is { } text)
{
    await room.PublishAsync(new Line(text), SampleJson.Default.Line);
}

await room.DisposeAsync();
await listening;

async Task ListenAsync()
{
    await foreach (var told in room)
    {
        Console.WriteLine(told switch
        {
            ChannelMessage message => $"{message.Position?.Offset}: {message.Read(SampleJson.Default.Line)?.Text}",
            ChannelGap gap => $"(missed what was said up to {gap.Position.Offset})",
            ChannelSubscribed { Presence: { } presence } => $"({presence.Count} here)",
            ChannelSubscribed => "(listening)",
            ChannelJoin join => $"({join.Member.User} has come)",
            ChannelLeave leave => $"({leave.Member.User} has gone)",
            _ => $"({told})",
        });
    }
}

internal sealed record Line(string Text);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Line))]
internal sealed partial class SampleJson : JsonSerializerContext;
