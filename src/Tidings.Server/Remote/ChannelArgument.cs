using System.CommandLine;
using Tidings.Protocol;
using Tidings.Server.Terminal;

namespace Tidings.Server.Remote;

/// <summary>Arguments and options about channels, as several commands have them.</summary>
internal static class ChannelArgument
{
    public static Argument<string> One() => new("channel") { Description = "The channel's name, as chat:lobby; the text room lobby is room:lobby" };

    public static Argument<string[]> Several() => new("channel") { Description = "The channels' names, as chat:lobby; the text room lobby is room:lobby", Arity = new ArgumentArity(1, 1000) };

    public static Option<string> Since() => new("--since") { Description = "After which message, as epoch:offset: what publish, subscribe and history print" };

    public static Option<string> Before() => new("--before") { Description = "Before which message, as epoch:offset: the --last messages just before it" };

    /// <summary>The name, found good.</summary>
    public static string Check(string name) => ChannelName.IsValid(name)
        ? name
        : throw CommandException.Misused($"\"{name}\" is no channel name: {ChannelName.Rule}.");

    public static StreamPosition? Position(string? text, string option = "--since") => text is null ? null
        : StreamPosition.TryParse(text, out var position) ? position
        : throw CommandException.Misused($"{option} is \"{text}\"; it must be epoch:offset, as publish, subscribe and history print it.");

    public static int? Number(int? value, string option, int least, int most) => value is null || (value >= least && value <= most)
        ? value
        : throw CommandException.Misused($"{option} is {value}; it must be from {least} to {most}.");
}
