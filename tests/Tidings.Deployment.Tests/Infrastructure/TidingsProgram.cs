using System.Text.RegularExpressions;

namespace Tidings.Deployment.Tests.Infrastructure;

/// <summary>The program <c>tidings</c>, as it was built.</summary>
internal static partial class TidingsProgram
{
    public static string Path => Repository.PathOf("artifacts", "bin", "Tidings.Server", Repository.Configuration, "tidings");

    /// <summary>Starts the server on a free port.</summary>
    /// <returns>It, and where it listens.</returns>
    public static Task<(RunningProgram Server, Uri Address)> ServeAsync(params string[] options) => ServeAsync(0, options);

    /// <summary>The same on a port.</summary>
    public static async Task<(RunningProgram Server, Uri Address)> ServeAsync(int port, string[] options, params (string Name, string Value)[] environment)
    {
        var server = new RunningProgram(Path, ["serve", "--urls", $"http://127.0.0.1:{port}", .. options], System.IO.Path.GetTempPath(), environment);
        try
        {
            return (server, new Uri((await server.SaysAsync(Listening())).Groups[1].Value));
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    [GeneratedRegex(@"Open +(http://\S+)[\s\S]*Ctrl\+C")]
    private static partial Regex Listening();
}
