using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Tidings.EntityFrameworkCore.Tests.Infrastructure;

/// <summary>An application with a resource of all types of members, on PostgreSQL.</summary>
internal static class TypesApp
{
    public static async Task<(WebApplication App, int Port)> StartAsync(ILoggerProvider? log = null)
    {
        var database = PostgreSqlServer.Shared.CreateDatabase();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.UseTidings();
        builder.Logging.ClearProviders();
        if (log is not null)
        {
            builder.Logging.AddProvider(log);
        }

        builder.Services.AddProblemDetails();
        builder.Services.AddTidings(static tidings =>
        {
            tidings.Limits.Preset = LimitPreset.None;

            // What else the machine does is no reason to refuse.
            tidings.Overload.QueueDelay = TimeSpan.Zero;
            tidings.Drain = TimeSpan.Zero;
        }).AddDbContext<TypesDb>();
        builder.Services.AddDbContext<TypesDb>(options => options.UseNpgsql(database));
        builder.Services.AddRouting();
        var app = builder.Build();
        app.UseRouting();
        app.MapTidings("/connect");
        app.MapResource<Sample, TypesDb>("/samples").AllMembers().AllowAnonymous();
        await using (var scope = app.Services.CreateAsyncScope())
        {
            await scope.ServiceProvider.GetRequiredService<TypesDb>().Database.EnsureCreatedAsync();
        }

        await app.StartAsync();
        return (app, new Uri(app.Urls.First()).Port);
    }
}
