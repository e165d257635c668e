namespace Tidings.Server.Terminal;

/// <summary>What the program says to the one that started it.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>It was refused, is not there, or was answered by an error.</summary>
    public const int Failed = 1;

    /// <summary>The command line or the configuration is wrong.</summary>
    public const int Misused = 2;

    /// <summary>Ctrl+C, as shells count it: 128 and the signal's number.</summary>
    public const int Interrupted = 130;

    /// <summary>SIGTERM.</summary>
    public const int Terminated = 143;
}
