using Microsoft.Extensions.Hosting;

namespace Tidings.EntityFrameworkCore.Contexts;

/// <summary>Looks at a context's model and its resources before anybody comes: what does not fit stops the start.</summary>
internal sealed class LiveContextStart(LiveContext live) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken) => await live.UseAsync(context =>
    {
        if (LiveContext.Fault(context) is { } fault)
        {
            throw new InvalidOperationException(fault);
        }

        foreach (var definition in live.Definitions)
        {
            definition.Build(context);
        }

        return Task.FromResult(true);
    });

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
