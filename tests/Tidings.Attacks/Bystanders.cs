using TestKit;

namespace Tidings.Attacks;

/// <summary>Those beside an attack: two who were inside before it began, and somebody at a second address who comes again and again.</summary>
internal sealed class Bystanders : IAsyncDisposable
{
    private const string InsideAddress = "127.0.0.99";
    private const string NewcomerAddress = "127.0.0.2";

    private readonly Target _target;
    private readonly RawWebSocket _speaker;
    private readonly RawWebSocket _listener;
    private int _said;

    private Bystanders(Target target, RawWebSocket speaker, RawWebSocket listener)
    {
        (_target, _speaker, _listener) = (target, speaker, listener);
        Witnesses =
        [
            new Witness("inside, a message from one to the other", SpeakAsync).Start(),
            new Witness("second address, a WebSocket", ConnectAsync).Start(),
            new Witness("second address, a command by POST", PostAsync).Start(),
            new Witness("second address, a poll", PollAsync).Start(),
        ];
    }

    public IReadOnlyList<Witness> Witnesses { get; }

    public static async Task<Bystanders> StartAsync(Target target) => new(
        target, await target.OpenAsync("/ws/inside?ping=frame", InsideAddress), await target.OpenAsync("/ws/inside?ping=frame", InsideAddress));

    public async ValueTask DisposeAsync()
    {
        foreach (var witness in Witnesses)
        {
            await witness.DisposeAsync();
        }

        await _speaker.DisposeAsync();
        await _listener.DisposeAsync();
    }

    private async Task SpeakAsync()
    {
        var text = $"message {_said++}";
        await _speaker.SendTextAsync(text);
        await HearAsync(_listener, text);
        await HearAsync(_speaker, text);
    }

    // Who does not answer pings would be taken for gone within the minute.
    private static async Task HearAsync(RawWebSocket socket, string text)
    {
        while (await socket.ReceiveAsync() is var frame && frame.Text != Said(text))
        {
            if (frame.Opcode == RawFrame.PingOpcode)
            {
                await socket.SendPongAsync(frame.Text);
            }
        }
    }

    // As a room shows it.
    private static string Said(string text) => $"[inside] {text}";

    private async Task ConnectAsync()
    {
        await using var socket = await _target.OpenAsync("/ws", NewcomerAddress);
        await socket.SendTextAsync("hi");
        await socket.ExpectTextAsync("Echo: hi");
    }

    private Task PostAsync() => AskAsync(Target.Post("/connect", 15) + "{\"type\":\"ping\"}");

    private Task PollAsync() => AskAsync("GET /api/messages?channel=chat:a HTTP/1.1\r\nHost: localhost\r\n\r\n");

    private async Task AskAsync(string request)
    {
        await using var tcp = await _target.ConnectAsync(NewcomerAddress);
        await tcp.SendAsync(request);
        var response = await tcp.ReadResponseAsync();
        if (response.Status != 200)
        {
            throw new ExpectationException($"{response.Status} {response.Body}");
        }
    }
}
