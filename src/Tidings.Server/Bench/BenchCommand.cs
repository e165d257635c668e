using System.CommandLine;
using Tidings.Options;
using Tidings.Protocol;
using Tidings.Server.Remote;
using Tidings.Server.Terminal;

namespace Tidings.Server.Bench;

/// <summary><c>tidings bench</c>.</summary>
internal sealed class BenchCommand
{
    private readonly RemoteOptions _remote = new();
    private readonly Option<bool> _rooms = new("--rooms") { Description = "Text rooms; without it, channels of the channel protocol" };
    private readonly Option<int?> _connections = new("--connections") { Description = "Who listens, to 50,000. Default 100" };
    private readonly Option<int?> _channels = new("--channels") { Description = "Among how many channels they are shared out, to 10,000. Default 1" };
    private readonly Option<int?> _publishers = new("--publishers") { Description = "Connections that speak, each into one channel; at least one for each, to 10,000. Default one for each" };
    private readonly Option<int?> _rate = new("--rate") { Description = "Messages a second, of all publishers together, to 1,000,000. Default 10" };
    private readonly Option<string> _size = new("--size") { Description = "Bytes of a message, as 128 or 4KB, to 1MB. Default 128" };
    private readonly Option<string> _duration = new("--duration") { Description = "How long to measure, as 30s or 5m, to 1h. Default 10s" };
    private readonly Option<string> _warmUp = new("--warm-up") { Description = "How long to speak before, to 5m. Default 2s" };
    private readonly Option<string> _prefix = new("--prefix") { Description = "What the names of channels begin with. Default chat:bench" };

    public Command Command
    {
        get
        {
            var command = new Command("bench", "Loads a server, and tells deliveries, latencies and errors; every delivery is checked. Exit code 1: messages were lost, doubled, out of order or refused.")
            {
                _rooms, _connections, _channels, _publishers, _rate, _size, _duration, _warmUp, _prefix,
            };
            _remote.AddUserTo(command);
            command.Does(RunAsync);
            return command;
        }
    }

    private async Task<int> RunAsync(ParseResult parsed, CommandOutput output, CancellationToken cancellationToken)
    {
        await using var run = new BenchRun(Plan(parsed), output);
        var report = await run.RunAsync(cancellationToken);
        report.Write(output);
        return report.IsGood ? ExitCode.Done : ExitCode.Failed;
    }

    private BenchPlan Plan(ParseResult parsed)
    {
        var connections = Number(parsed, _connections, 1, 50_000) ?? 100;
        var channels = Number(parsed, _channels, 1, Math.Min(10_000, connections)) ?? 1;
        var prefix = parsed.GetValue(_prefix) ?? "chat:bench";
        return new BenchPlan
        {
            Url = _remote.Url(parsed),
            Token = _remote.Token(parsed),
            Rooms = parsed.GetValue(_rooms),
            Connections = connections,
            Channels = channels,
            Publishers = Number(parsed, _publishers, channels, 10_000) ?? channels,
            Rate = Number(parsed, _rate, 1, 1_000_000) ?? 10,
            Size = (int)Value(parsed, _size, 128L, 1L, 1024L * 1024, isSize: true),
            Duration = Value(parsed, _duration, TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1), isSize: false),
            WarmUp = Value(parsed, _warmUp, TimeSpan.FromSeconds(2), TimeSpan.Zero, TimeSpan.FromMinutes(5), isSize: false),
            Prefix = ChannelName.IsValid(prefix) && prefix.Length <= 100 && prefix.All(char.IsAscii) ? prefix
                : throw CommandException.Misused($"--prefix is \"{prefix}\"; it must be at most 100 letters, digits and _ . : - @."),
        };
    }

    private static int? Number(ParseResult parsed, Option<int?> option, int least, int most) => ChannelArgument.Number(parsed.GetValue(option), option.Name, least, most);

    private static T Value<T>(ParseResult parsed, Option<string> option, T unset, T least, T most, bool isSize)
        where T : struct, IComparable<T> =>
        parsed.GetValue(option) is not { } text ? unset
        : OptionValue.TryParse(text, typeof(T), isSize, out var value) && value is T read && read.CompareTo(least) >= 0 && read.CompareTo(most) <= 0 ? read
        : throw CommandException.Misused($"{option.Name} is \"{text}\"; it must be {OptionValue.Form(typeof(T), isSize)}, from {OptionValue.Write(least, isSize)} to {OptionValue.Write(most, isSize)}.");
}
