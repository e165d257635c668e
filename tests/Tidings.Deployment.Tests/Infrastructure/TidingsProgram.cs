using System.Text.RegularExpressions;

namespace Tidings.Deployment.Tests.Infrastructure;

/// <summary>The program <c>tidings</c>, as it was built.</summary>
internal static partial class TidingsProgram
{
    public static string Path => Repository.PathOf("artifacts", "bin", "Tidings.Server", Repository.Configuration, "tidings");

    /// <summary>Starts the server on a free port.</summary>
    /// <returns>It, and where it listens.</returns>
    public static async Task<(RunningProgram Server, Uri Address)> ServeAsync(params string[] options)
    {
        var server = new RunningProgram(Path, ["serve", "--urls", "http://127.0.0.1:0", .. options], System.IO.Path.GetTempPath());
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
