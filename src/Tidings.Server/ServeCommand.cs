using Tidings.Data;
using Tidings.Server.Configuration;
using Tidings.Server.Terminal;

namespace Tidings.Server;

/// <summary><c>tidings serve</c>.</summary>
internal static class ServeCommand
{
    public static async Task<int> RunAsync(Dictionary<string, string?> commandLine, CancellationToken cancellationToken)
    {
        try
        {
            await using var app = TidingsServer.Build(commandLine);
            await app.StartAsync(cancellationToken);
            Welcome.Print(app, Console.Out);
            await app.WaitForShutdownAsync(cancellationToken);
            return ExitCode.Done;
        }
        catch (Exception error) when (ConfigurationFaults.Of(error) is { } faults)
        {
            await Console.Error.WriteLineAsync("The server did not start; these options are wrong:");
            foreach (var failure in faults)
            {
                await Console.Error.WriteLineAsync($"  - {failure}");
            }

            return ExitCode.Misused;
        }
        catch (DataDirectoryException error)
        {
            await Console.Error.WriteLineAsync($"The server did not start: {error.Message}");
            return ExitCode.Failed;
        }
        catch (IOException error) when (error.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            await Console.Error.WriteLineAsync($"The server did not start: {error.Message} Another program listens there; choose another address by --urls.");
            return ExitCode.Failed;
        }
    }
}
