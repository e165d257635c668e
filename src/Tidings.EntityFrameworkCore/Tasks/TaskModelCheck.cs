using System.Diagnostics.CodeAnalysis;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Tidings.EntityFrameworkCore.Databases;

namespace Tidings.EntityFrameworkCore.Tasks;

/// <summary>Lets the start fail where the context cannot keep tasks, and says which line is missing.</summary>
[SuppressMessage("Performance", "CA1812", Justification = "Made by the container.")]
internal sealed class TaskModelCheck<TContext>(IServiceScopeFactory scopes) : IHostedService
    where TContext : DbContext
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var context = scope.ServiceProvider.GetRequiredService<TContext>();
        var name = typeof(TContext).Name;
        if (context.Model.FindEntityType(typeof(TaskRow)) is null)
        {
            throw new InvalidOperationException($"{name} has no table for tasks: call modelBuilder.AddTidingsTasks() in its OnModelCreating.");
        }

        if (!context.Database.IsRelational())
        {
            throw new InvalidOperationException($"AddTaskStore<{name}> needs a relational database; {context.Database.ProviderName} is none.");
        }

        if (DatabaseProvider.Of(context) is SqliteProvider)
        {
            throw new InvalidOperationException($"AddTaskStore<{name}> needs PostgreSQL, and {name} is on SQLite: tasks of a single node are kept by AddTidings().AddData(directory).");
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
