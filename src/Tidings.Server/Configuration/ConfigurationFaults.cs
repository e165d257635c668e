using Microsoft.Extensions.Options;

namespace Tidings.Server.Configuration;

/// <summary>What is wrong with a configuration, in words.</summary>
internal static class ConfigurationFaults
{
    /// <summary>All that an error of reading says, one fault a line; null where it is about something else.</summary>
    public static IReadOnlyList<string>? Of(Exception error) => error switch
    {
        OptionsValidationException { Failures: var failures } => [.. failures],
        InvalidDataException { InnerException: { } why } => [$"{error.Message} {Innermost(why).Message}"],
        UnauthorizedAccessException => [error.Message],
        _ => null,
    };

    private static Exception Innermost(Exception error) => error.InnerException is { } inner ? Innermost(inner) : error;
}
