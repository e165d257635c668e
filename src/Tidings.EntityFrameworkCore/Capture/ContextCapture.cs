using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Tidings.EntityFrameworkCore.Contexts;

namespace Tidings.EntityFrameworkCore.Capture;

/// <summary>The interceptors of one type of context: they see what it saves, its transactions and its commands.</summary>
internal sealed class ContextCapture<TContext>
    where TContext : DbContext
{
    public ContextCapture(LiveContext<TContext> live)
    {
        var changes = new ChangeCapture(live);
        Interceptors = [changes, new TransactionCapture(live, changes), new CommandCapture(live)];
    }

    public IReadOnlyList<IInterceptor> Interceptors { get; }
}
