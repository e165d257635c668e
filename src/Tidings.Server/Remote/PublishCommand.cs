using System.CommandLine;
using Tidings.Server.Terminal;

namespace Tidings.Server.Remote;

// In here: the library has options and messages of the same names.
using Tidings.Client;

/// <summary><c>tidings publish</c>.</summary>
internal sealed class PublishCommand
{
    private readonly RemoteOptions _remote = new();
    private readonly Argument<string> _channel = ChannelArgument.One();
    private readonly Argument<string?> _data = new("data") { Description = "JSON; what is none is sent as a string. - reads it from standard input", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string> _file = new("--file") { Description = "In the place of data: the bytes of this file as they are, as a binary payload. - reads them from standard input" };
    private readonly Option<bool> _text = new("--text") { Description = "Send it as a string, whatever it looks like" };
    private readonly Option<string> _key = new("--key") { Description = "What the message is about: who conflates gets the newest of each key" };
    private readonly Option<string> _event = new("--event") { Description = "The name of the event that the message is" };
    private readonly Option<string> _idempotencyKey = new("--idempotency-key") { Description = "A repeat with the same key is the first message again" };
    private readonly Option<bool> _durable = new("--durable") { Description = "Refuse rather than accept what a crash could lose" };
    private readonly Option<bool> _ephemeral = new("--ephemeral") { Description = "Said in passing: without a position, not kept" };

    public Command Command
    {
        get
        {
            var command = new Command("publish", "Publishes a message, and writes its position.") { _channel, _data, _file, _text, _key, _event, _idempotencyKey, _durable, _ephemeral };
            _remote.AddTo(command);
            command.Does(RunAsync);
            return command;
        }
    }

    private async Task<int> RunAsync(ParseResult parsed, CommandOutput output, CancellationToken cancellationToken)
    {
        var channel = ChannelArgument.Check(parsed.GetRequiredValue(_channel));
        await using var server = _remote.Open(parsed);
        var data = parsed.GetValue(_data);
        var file = parsed.GetValue(_file);
        if (data is null == file is null)
        {
            throw CommandException.Misused("Either the data or --file, one of the two.");
        }

        if (file is not null && parsed.GetValue(_text))
        {
            throw CommandException.Misused("A file is sent as its bytes: --text does not go with --file.");
        }

        if (data == "-")
        {
            await using var input = Console.OpenStandardInput();
            data = await MessageData.ReadInputAsync(input, cancellationToken);
        }

        var options = new PublishOptions
        {
            Key = parsed.GetValue(_key),
            Event = parsed.GetValue(_event),
            IdempotencyKey = parsed.GetValue(_idempotencyKey),
            Durable = parsed.GetValue(_durable),
            Ephemeral = parsed.GetValue(_ephemeral),
        };
        var position = file is null
            ? await server.PublishAsync(channel, MessageData.Read(data!, parsed.GetValue(_text)), options, cancellationToken)
            : await server.PublishBytesAsync(channel, await MessageData.ReadFileAsync(file, cancellationToken), options, cancellationToken);
        if (output.IsJson)
        {
            output.Json(writer =>
            {
                writer.WriteString("channel", channel);
                EventText.Position(writer, position);
            });
        }
        else if (position is { } place)
        {
            output.Line(place.ToString());
        }

        return ExitCode.Done;
    }
}
