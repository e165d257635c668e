namespace Tidings.Server.Terminal;

/// <summary>A command cannot be done. The message is one sentence for the user of the command; it says what to do and holds no secret.</summary>
/// <param name="message">The sentence.</param>
/// <param name="exitCode">What the program ends with.</param>
internal sealed class CommandException(string message, int exitCode = ExitCode.Failed) : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    /// <summary>What was typed is wrong.</summary>
    public static CommandException Misused(string message) => new(message, Terminal.ExitCode.Misused);
}
