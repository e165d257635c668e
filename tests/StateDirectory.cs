using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Tidings.Tests.Shared;

/// <summary>Servers of tests, and programs that tests start, keep what they make in a directory of the run and not in the user's own.</summary>
internal static class StateDirectory
{
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "It must be set before the first server.")]
    internal static void Use()
    {
        var directory = Directory.CreateTempSubdirectory("tidings-state-").FullName;
        Environment.SetEnvironmentVariable("XDG_STATE_HOME", directory);
        Environment.SetEnvironmentVariable("STATE_DIRECTORY", null);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(directory, recursive: true);
    }
}
