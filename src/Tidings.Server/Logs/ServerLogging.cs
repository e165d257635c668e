namespace Tidings.Server.Logs;

/// <summary>What the standalone server logs, and how.</summary>
internal static class ServerLogging
{
    private const string ChosenFormatter = "Logging:Console:FormatterName";

    public static void Configure(WebApplicationBuilder builder)
    {
        var logging = builder.Logging;
        logging.AddConsoleFormatter<LineFormatter, Microsoft.Extensions.Logging.Console.ConsoleFormatterOptions>();
        if (string.IsNullOrEmpty(builder.Configuration[ChosenFormatter]))
        {
            logging.AddConsole(static console => console.FormatterName = LineFormatter.FormatterName);
        }

        // Query strings bear tokens, and the framework logs them whole; the request log of our own does not.
        logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning);
        logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning);

        // Why the start failed is told by the command, in words.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
    }
}
