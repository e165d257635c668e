using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Tidings.Server.Databases;

/// <summary>What EF Core logs of the server's own databases.</summary>
internal static class DatabaseLogging
{
    /// <summary>Leaves a fault to those who meet it: they log its beginning and its end, EF Core would log a stack trace for every attempt.</summary>
    public static DbContextOptionsBuilder LogFaultsOnce(this DbContextOptionsBuilder options) => options.ConfigureWarnings(static events => events.Log(
        (RelationalEventId.ConnectionError, LogLevel.Debug),
        (RelationalEventId.CommandError, LogLevel.Debug),
        (CoreEventId.QueryIterationFailed, LogLevel.Debug),
        (CoreEventId.SaveChangesFailed, LogLevel.Debug)));
}
