using Microsoft.Extensions.Options;

namespace Tidings.Server;

/// <summary><c>tidings serve</c>.</summary>
internal static class ServeCommand
{
    /// <summary>The exit code for options that are wrong.</summary>
    private const int Misconfigured = 2;

    public static async Task<int> RunAsync(Dictionary<string, string?> commandLine, CancellationToken cancellationToken)
    {
        try
        {
            await using var app = TidingsServer.Build(commandLine);
            await app.StartAsync(cancellationToken);
            Welcome.Print(app, Console.Out);
            await app.WaitForShutdownAsync(cancellationToken);
            return 0;
        }
        catch (OptionsValidationException error)
        {
            await Console.Error.WriteLineAsync("The server did not start; these options are wrong:");
            foreach (var failure in error.Failures)
            {
                await Console.Error.WriteLineAsync($"  - {failure}");
            }

            return Misconfigured;
        }
        catch (IOException error) when (error.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            await Console.Error.WriteLineAsync($"The server did not start: {error.Message} Another program listens there; choose another address by --urls.");
            return 1;
        }
    }
}
